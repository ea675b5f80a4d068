{{/* Names */}}
{{- define "lowbalance.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 43 characters: with "-exporter" 52, the most that a StatefulSet may have, as its pods carry its
name and a revision in a label. */}}
{{- define "lowbalance.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 43 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 43 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 43 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels. With "component" in the context, those of one of the two services. */}}
{{- define "lowbalance.selectorLabels" -}}
app.kubernetes.io/name: {{ include "lowbalance.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "lowbalance.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "lowbalance.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: {{ include "lowbalance.name" .root }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What kube-prometheus-stack selects by, and what the values add. */}}
{{- define "lowbalance.selectedBy" -}}
{{- $labels := dict }}
{{- with .root.Values.kubePrometheusStack.release }}
{{- $_ := set $labels "release" . }}
{{- end }}
{{- $labels = mergeOverwrite $labels (.additional | default dict) }}
{{- with $labels }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Is an object of the monitoring stack wanted? "true", or nothing. */}}
{{- define "lowbalance.wanted" -}}
{{- if kindIs "invalid" .enabled }}
{{- if .root.Values.kubePrometheusStack.release }}true{{ end }}
{{- else if .enabled }}true{{ end }}
{{- end }}

{{- define "lowbalance.image" -}}
{{- $image := .Values.image }}
{{- $name := $image.repository }}
{{- with $image.registry }}{{ $name = printf "%s/%s" . $name }}{{ end }}
{{- if $image.digest }}
{{- printf "%s@%s" $name $image.digest }}
{{- else }}
{{- printf "%s:%s" $name (default .Chart.AppVersion $image.tag) }}
{{- end }}
{{- end }}

{{- define "lowbalance.serviceAccountName" -}}
{{- $account := (index .root.Values .component).serviceAccount }}
{{- if $account.create }}
{{- default (printf "%s-%s" (include "lowbalance.fullname" .root) .component) $account.name }}
{{- else }}
{{- default "default" $account.name }}
{{- end }}
{{- end }}

{{/* The configuration: the values, and what the chart sees to itself. */}}
{{- define "lowbalance.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if not $config.default_contact }}{{ $_ := unset $config "default_contact" }}{{ end }}
{{- if not $config.contacts }}{{ $_ := unset $config "contacts" }}{{ end }}
{{- range $component, $port := dict "exporter" "10380" "webhook" "10381" }}
{{- $section := default dict (get $config $component) }}
{{- range $key, $value := $section }}
{{- if and (kindIs "slice" $value) (not $value) }}{{ $_ := unset $section $key }}{{ end }}
{{- end }}
{{- $_ := set $section "listen_address" (printf ":%s" $port) }}
{{- $_ := set $section "store" (printf "sqlite:/var/lib/lowbalance/%s.db" $component) }}
{{- if (index $.Values $component).webConfig.existingSecret }}
{{- $_ := set $section "web_config_file" "/etc/lowbalance-secrets/web/web.yml" }}
{{- end }}
{{- $_ := set $config $component $section }}
{{- end }}
{{- $access := default dict $config.access }}
{{- if not $access.roles }}{{ $_ := unset $access "roles" }}{{ end }}
{{- if include "lowbalance.withoutUsers" . | and (or $access.roles .Values.sessionKey.existingSecret) }}
{{- fail (printf "there are roles or a sessionKey, but no users: name a Secret in %s.webConfig" (include "lowbalance.withoutUsers" .)) }}
{{- end }}
{{- if .Values.sessionKey.existingSecret }}
{{- $_ := set $access "session_key_file" (printf "/etc/lowbalance-secrets/session/%s" .Values.sessionKey.key) }}
{{- end }}
{{- if .Values.ingress.enabled }}
{{- $origin := printf "%s://%s" (ternary "https" "http" .Values.ingress.tls.enabled) .Values.ingress.host }}
{{- $access = mergeOverwrite (dict "accounts_url" $origin "messages_url" $origin) $access }}
{{- end }}
{{- $_ := set $config "access" $access }}
{{- if .Values.webhook.bearerToken.existingSecret }}
{{- $_ := set $config.webhook "bearer_token_file" (printf "/etc/lowbalance-secrets/token/%s" .Values.webhook.bearerToken.key) }}
{{- end }}
{{- if .Values.webhook.smtpPassword.existingSecret }}
{{- $email := get $config.webhook "email" }}
{{- if not $email }}{{ fail "webhook.smtpPassword is set, but config.webhook.email is not: name the mail server there" }}{{ end }}
{{- $_ := set $email "password_file" (printf "/etc/lowbalance-secrets/smtp/%s" .Values.webhook.smtpPassword.key) }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* An enabled service that has no web configuration, so that nobody can log in there. */}}
{{- define "lowbalance.withoutUsers" -}}
{{- $found := list }}
{{- range $component := list "exporter" "webhook" }}
{{- $values := index $.Values $component }}
{{- if and $values.enabled (not $values.webConfig.existingSecret) }}{{ $found = append $found $component }}{{ end }}
{{- end }}
{{- first (append $found "") }}
{{- end }}

{{/* The Secrets of a component: the volumes, and where they are mounted. */}}
{{- define "lowbalance.secretVolumes" -}}
{{- $values := index .root.Values .component }}
{{- with $values.webConfig.existingSecret }}
- name: web
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .root.Values.sessionKey.existingSecret }}
- name: session
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- if eq .component "webhook" }}
{{- with $values.bearerToken.existingSecret }}
- name: token
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with $values.smtpPassword.existingSecret }}
- name: smtp
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end }}

{{- define "lowbalance.secretMounts" -}}
{{- range include "lowbalance.secretVolumes" . | fromYamlArray }}
- name: {{ .name }}
  mountPath: /etc/lowbalance-secrets/{{ .name }}
  readOnly: true
{{- end }}
{{- end }}

{{- define "lowbalance.webhookUrl" -}}
{{- if .Values.alertmanagerConfig.url }}
{{- .Values.alertmanagerConfig.url }}
{{- else }}
{{- printf "%s://%s-webhook.%s.svc:10381/api/v1/alerts" (ternary "https" "http" .Values.webhook.webConfig.tls) (include "lowbalance.fullname" .) .Release.Namespace }}
{{- end }}
{{- end }}
