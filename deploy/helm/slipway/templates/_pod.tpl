{{/* What the pods of both roles have alike. Where they differ: (dict "root" . "role" "server"|"workers" "args" (list …) "ports" …) */}}
{{- define "slipway.deployment" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .role -}}
{{- $name := printf "%s-%s" (include "slipway.fullname" $root) .role -}}
{{- $component := ternary "server" "worker" (eq .role "server") -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "slipway.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $component }}
spec:
  {{- if not .scaled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  # A new pod that cannot start, or cannot bring the schema up to date, takes no old one's place.
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "slipway.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $component }}
  template:
    metadata:
      labels:
        {{- include "slipway.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $component }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # Settings are read at the start: others are other pods.
        checksum/config: {{ include "slipway.config" $root | sha256sum }}
        checksum/secret: {{ include "slipway.secretData" $root | sha256sum }}
        {{- if eq .role "workers" }}
        checksum/classes: {{ include "slipway.classes" $root | sha256sum }}
        {{- end }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "slipway.serviceAccount" (list $root .role) }}
      # Workers start the pods of jobs; the server has nothing to ask of the cluster.
      automountServiceAccountToken: {{ eq .role "workers" }}
      enableServiceLinks: false
      # Longer than what is waited for: 5 s until no request comes any more, builds, and connections that close.
      terminationGracePeriodSeconds: {{ add (int $values.stopTimeoutSeconds) 20 }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile: { type: RuntimeDefault }
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- if $values.topologySpreadConstraints }}
        {{- toYaml $values.topologySpreadConstraints | nindent 8 }}
        {{- else }}
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels:
              {{- include "slipway.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $component }}
        {{- end }}
        {{- end }}
      containers:
        - name: slipway
          image: {{ include "slipway.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args:
            - serve
            - --config=/etc/slipway/config/slipway.yaml
            - --stop-timeout={{ $values.stopTimeoutSeconds }}s
            {{- range .args }}
            - {{ . }}
            {{- end }}
          env:
            {{- include "slipway.env" (list $root (include "slipway.fullname" $root)) | trim | nindent 12 }}
            {{- with $values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - { name: http, containerPort: 8080 }
            {{- if eq .role "server" }}
            - { name: grpc, containerPort: 8081 }
            {{- end }}
          {{- with $root.Values.probes }}
          startupProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: {{ max 1 (div (int .startupSeconds) 5) }}
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: {{ .readiness.periodSeconds }}
            timeoutSeconds: 6
            failureThreshold: {{ .readiness.failureThreshold }}
          livenessProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: {{ .liveness.periodSeconds }}
            timeoutSeconds: 5
            failureThreshold: {{ .liveness.failureThreshold }}
          {{- end }}
          {{- if eq .role "server" }}
          lifecycle:
            # Until every proxy has heard that this pod takes no more requests.
            preStop: { sleep: { seconds: 5 } }
          {{- end }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts:
            - { name: config, mountPath: /etc/slipway/config, readOnly: true }
            {{- if eq .role "workers" }}
            - { name: classes, mountPath: /etc/slipway/classes, readOnly: true }
            {{- end }}
            - { name: data, mountPath: /var/lib/slipway/data }
            - { name: tmp, mountPath: /tmp }
            {{- with $values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: config
          configMap: { name: {{ include "slipway.fullname" $root }} }
        {{- if eq .role "workers" }}
        - name: classes
          configMap: { name: {{ include "slipway.fullname" $root }}-classes }
        {{- end }}
        - name: data
          {{- if $values.data.storageClass }}
          ephemeral:
            volumeClaimTemplate:
              spec:
                accessModes: [ReadWriteOnce]
                storageClassName: {{ $values.data.storageClass }}
                resources: { requests: { storage: {{ $values.data.sizeLimit }} } }
          {{- else }}
          emptyDir: { sizeLimit: {{ $values.data.sizeLimit }} }
          {{- end }}
        - name: tmp
          emptyDir: { sizeLimit: 2Gi }
        {{- with $values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}
