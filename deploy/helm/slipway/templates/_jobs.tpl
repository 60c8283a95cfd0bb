{{/* The same as src/executors/kubernetes/kube-permissions.ts, which a test holds it to. */}}
{{- define "slipway.jobRules" -}}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, delete, get, list]
- apiGroups: [""]
  resources: [pods]
  verbs: [delete, list, watch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [""]
  resources: [secrets]
  verbs: [create, delete, get]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [create, delete, get, list]
- apiGroups: [""]
  resources: [events]
  verbs: [list]
{{- end -}}

{{- define "slipway.namespaceRules" -}}
- apiGroups: [""]
  resources: [namespaces]
  verbs: [create, list]
{{- end -}}

{{/* Of the pods of jobs, wherever they are: nobody calls them, and they reach names, the server and what is not private. */}}
{{- define "slipway.jobPolicy" -}}
{{- with .Values.jobs.networkPolicy -}}
podSelector:
  matchExpressions:
    - { key: slipway.dev/job, operator: Exists }
policyTypes: [Ingress, Egress]
ingress: []
egress:
  - ports:
      - { port: 53, protocol: UDP }
      - { port: 53, protocol: TCP }
  - to:
      - namespaceSelector:
          matchLabels: { kubernetes.io/metadata.name: {{ $.Release.Namespace }} }
        podSelector:
          matchLabels:
            {{- include "slipway.selector" $ | nindent 12 }}
            app.kubernetes.io/component: server
    ports:
      - { port: 8080, protocol: TCP }
  - to:
      - ipBlock: { cidr: 0.0.0.0/0, except: {{ toJson .blocked }} }
      - ipBlock: { cidr: "::/0", except: {{ toJson .blockedV6 }} }
  {{- with .allowed }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
{{- end -}}
