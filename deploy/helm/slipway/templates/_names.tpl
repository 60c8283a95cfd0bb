{{/* Short enough for every suffix below 63 characters; the same for every version of chart and application. */}}
{{- define "slipway.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What a selector may hold: it can never be changed. */}}
{{- define "slipway.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "slipway.labels" -}}
{{ include "slipway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: slipway
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "slipway.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{- define "slipway.kitImage" -}}
{{- default (printf "slipway/runner:%s" .Chart.AppVersion) .Values.jobs.kit.image -}}
{{- end -}}

{{/* (list . "server") or (list . "workers") */}}
{{- define "slipway.serviceAccount" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $account := (index $root.Values $role).serviceAccount -}}
{{- if $account.create -}}
{{- default (printf "%s-%s" (include "slipway.fullname" $root) $role) $account.name -}}
{{- else -}}
{{- default "default" $account.name -}}
{{- end -}}
{{- end -}}

{{/* Jobs need no way through the ingress. */}}
{{- define "slipway.jobsUrl" -}}
{{- default (printf "http://%s.%s.svc:%v" (include "slipway.fullname" .) .Release.Namespace .Values.service.port) .Values.jobs.url -}}
{{- end -}}

{{- define "slipway.url" -}}
{{- if .Values.url -}}
{{- .Values.url -}}
{{- else if and .Values.ingress.enabled .Values.ingress.host -}}
{{- printf "%s://%s" (ternary "https" "http" .Values.ingress.tls.enabled) .Values.ingress.host -}}
{{- else -}}
{{- include "slipway.jobsUrl" . -}}
{{- end -}}
{{- end -}}

{{/* Namespaces of jobs as a list under `items`. */}}
{{- define "slipway.jobNamespaces" -}}
items:
{{- range .Values.jobs.namespaces }}
- name: {{ .name }}
  create: {{ ternary .create true (hasKey . "create") }}
{{- else }}
- name: {{ printf "%s-jobs" .Release.Name }}
  create: true
{{- end }}
{{- end -}}

{{- define "slipway.defaultJobNamespace" -}}
{{- if .Values.jobs.namespacePerProject.enabled -}}
{{- .Values.jobs.namespacePerProject.pattern -}}
{{- else -}}
{{- (first (include "slipway.jobNamespaces" . | fromYaml).items).name -}}
{{- end -}}
{{- end -}}
