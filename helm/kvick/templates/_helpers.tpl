{{/* The name of everything: the release's, and the chart's where that does not name it. */}}
{{- define "kvick.name" -}}
{{- if contains "kvick" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-kvick" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What the selectors go by; never to be changed, since a StatefulSet's selector cannot be. */}}
{{- define "kvick.selector" -}}
app.kubernetes.io/name: kvick
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kvick.labels" -}}
{{ include "kvick.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* A size like 512Mi, 2Gi or 1Ti as a number of Mi. */}}
{{- define "kvick.mebibytes" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- if hasSuffix "Ti" . -}}
{{- mul $number 1024 1024 -}}
{{- else if hasSuffix "Gi" . -}}
{{- mul $number 1024 -}}
{{- else -}}
{{- $number -}}
{{- end -}}
{{- end -}}

{{/* The memory of the container: max_memory counts keys and values, and the process needs more. */}}
{{- define "kvick.containerMemory" -}}
{{- $data := include "kvick.mebibytes" .Values.maxMemory | int64 -}}
{{- $calls := include "kvick.mebibytes" .Values.grpcMemory | int64 -}}
{{- printf "%dMi" (add $data (div (add $data 3) 4) $calls 256) -}}
{{- end -}}
