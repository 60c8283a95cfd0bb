{{/* What the roles share, as slipway.yaml. What differs between them are options, what is secret is the environment. */}}
{{- define "slipway.config" -}}
{{- $own := dict "url" (include "slipway.url" .) "jobs" (dict "url" (include "slipway.jobsUrl" .)) -}}
{{- $s3 := dict -}}
{{- range $name := list "bucket" "endpoint" "region" "prefix" -}}
{{- with index $.Values.s3 $name }}{{ $_ := set $s3 $name . }}{{ end -}}
{{- end -}}
{{- if $s3 }}{{ $_ := set $own "s3" $s3 }}{{ end -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.config)) -}}
{{- end -}}

{{- define "slipway.classes" -}}
{{- $kit := dict "image" (include "slipway.kitImage" .) "imagePullPolicy" .Values.jobs.kit.pullPolicy -}}
{{- $defaults := dict "namespace" (include "slipway.defaultJobNamespace" .) "kit" $kit -}}
{{- if .Values.jobs.namespacePerProject.enabled }}{{ $_ := set $defaults "createNamespace" true }}{{ end -}}
{{- $classes := deepCopy .Values.jobs.classes -}}
{{- $_ := set $classes "defaults" (mergeOverwrite $defaults (default dict $classes.defaults)) -}}
{{- toYaml $classes -}}
{{- end -}}

{{/* What stands in the Secret of this chart, as a mapping; nothing where every part names a Secret that is there already. */}}
{{- define "slipway.secretData" -}}
{{- with .Values.keys }}
{{- if not .existingSecret }}
master-key: {{ required "keys.existingSecret names no Secret: then keys.masterKey is needed (openssl rand -hex 32)" .masterKey | quote }}
service-token: {{ required "keys.existingSecret names no Secret: then keys.serviceToken is needed (openssl rand -hex 32)" .serviceToken | quote }}
{{- with .previousMasterKeys }}
previous-master-keys: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.database }}
{{- if not .existingSecret }}
database-url: {{ required "PostgreSQL is needed: database.existingSecret or database.url" .url | quote }}
{{- end }}
{{- end }}
{{- with .Values.rabbitmq }}
{{- if not .existingSecret }}
rabbitmq-url: {{ required "RabbitMQ is needed: rabbitmq.existingSecret or rabbitmq.url" .url | quote }}
{{- end }}
{{- end }}
{{- with .Values.s3 }}
{{- if not .existingSecret }}
{{- $_ := required "an S3 store is needed: s3.existingSecret, or s3.bucket with s3.accessKeyId and s3.secretAccessKey" .bucket }}
access-key-id: {{ required "s3.existingSecret names no Secret: then s3.accessKeyId is needed" .accessKeyId | quote }}
secret-access-key: {{ required "s3.existingSecret names no Secret: then s3.secretAccessKey is needed" .secretAccessKey | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* (list . name-of-own-secret) */}}
{{- define "slipway.env" -}}
{{- $root := index . 0 -}}
{{- $own := index . 1 -}}
{{- with $root.Values }}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ default $own .database.existingSecret }}, key: {{ ternary .database.key "database-url" (ne .database.existingSecret "") }} } }
- name: AMQP_URL
  valueFrom: { secretKeyRef: { name: {{ default $own .rabbitmq.existingSecret }}, key: {{ ternary .rabbitmq.key "rabbitmq-url" (ne .rabbitmq.existingSecret "") }} } }
- name: S3_ACCESS_KEY_ID
  valueFrom: { secretKeyRef: { name: {{ default $own .s3.existingSecret }}, key: access-key-id } }
- name: S3_SECRET_ACCESS_KEY
  valueFrom: { secretKeyRef: { name: {{ default $own .s3.existingSecret }}, key: secret-access-key } }
{{- if .s3.existingSecret }}
{{- if not .s3.bucket }}
- name: S3_BUCKET
  valueFrom: { secretKeyRef: { name: {{ .s3.existingSecret }}, key: bucket } }
{{- end }}
{{- if not .s3.endpoint }}
- name: S3_ENDPOINT
  valueFrom: { secretKeyRef: { name: {{ .s3.existingSecret }}, key: endpoint, optional: true } }
{{- end }}
{{- if not .s3.region }}
- name: S3_REGION
  valueFrom: { secretKeyRef: { name: {{ .s3.existingSecret }}, key: region, optional: true } }
{{- end }}
{{- end }}
- name: SLIPWAY_MASTER_KEY
  valueFrom: { secretKeyRef: { name: {{ default $own .keys.existingSecret }}, key: master-key } }
- name: SLIPWAY_SERVICE_TOKEN
  valueFrom: { secretKeyRef: { name: {{ default $own .keys.existingSecret }}, key: service-token } }
- name: SLIPWAY_PREVIOUS_MASTER_KEYS
  valueFrom: { secretKeyRef: { name: {{ default $own .keys.existingSecret }}, key: previous-master-keys, optional: true } }
{{- end }}
{{- end -}}
