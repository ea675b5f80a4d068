{{/* A duration as lowbalance.yml has them ("1h30m", "250ms"), in milliseconds. */}}
{{- define "lowbalance.milliseconds" -}}
{{- $units := dict "d" 86400000 "h" 3600000 "m" 60000 "s" 1000 "ms" 1 }}
{{- $sum := 0 }}
{{- range regexFindAll "[0-9]+(ms|[dhms])" . -1 }}
{{- $sum = add $sum (mul (regexFind "^[0-9]+" . | atoi) (get $units (regexFind "[a-z]+$" .))) }}
{{- end }}
{{- $sum }}
{{- end }}

{{/* The reverse, as `lowbalance` writes it: in days only where they are whole. */}}
{{- define "lowbalance.duration" -}}
{{- $rest := . | int64 }}
{{- if eq $rest 0 }}0s{{ end }}
{{- if and $rest (eq (mod $rest 86400000) 0) }}
{{- printf "%dd" (div $rest 86400000) }}
{{- else }}
{{- range list (list "h" 3600000) (list "m" 60000) (list "s" 1000) (list "ms" 1) }}
{{- $count := div $rest (last .) }}
{{- $rest = mod $rest (last .) }}
{{- if $count }}{{ printf "%d%s" $count (first .) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Labels on every alert: the namespace that the operator matches an AlertmanagerConfig's alerts
by, and the values'. */}}
{{- define "lowbalance.alertLabels" -}}
{{- $labels := dict }}
{{- if include "lowbalance.wanted" (dict "root" . "enabled" .Values.alertmanagerConfig.enabled) }}
{{- $_ := set $labels "namespace" .Release.Namespace }}
{{- end }}
{{- range $name, $value := mergeOverwrite $labels .Values.prometheusRule.alertLabels }}
          {{ $name }}: '{{ $value | toString | replace "'" "''" }}'
{{ end }}
{{- end }}

{{/* The rule file: what `lowbalance rules` prints, its marks (dashboards/rule_marks.py) replaced. */}}
{{- define "lowbalance.rules" -}}
{{- $text := .Files.Get "files/rules.yaml" }}
{{- range regexFindAll "@[({][a-z_]+(\\*[0-9]+)?[)}]@" $text -1 | uniq }}
{{- $terms := splitList "*" (regexReplaceAll "[@(){}]" . "") }}
{{- $interval := index $.Values.config.pipeline (first $terms) }}
{{- $milliseconds := mul (include "lowbalance.milliseconds" $interval | atoi) (len $terms | eq 1 | ternary "1" (last $terms) | atoi) }}
{{- if hasPrefix "@(" . }}
{{- $text = replace . (printf "%d.%03d" (div $milliseconds 1000) (mod $milliseconds 1000)) $text }}
{{- else }}
{{- $text = replace . (include "lowbalance.duration" $milliseconds) $text }}
{{- end }}
{{- end }}
{{- if not .Values.exporter.enabled }}
{{- /* Then nobody knows that there is one for this Prometheus to miss. */}}
{{- $text = regexReplaceAll "\\n *or on \\(\\)\\n *absent\\(lowbalance_exporter_build_info\\)" $text "" }}
{{- end }}
{{- $labels := include "lowbalance.alertLabels" . | trimPrefix "\n" }}
{{- $text = replace "          namespace: '@[namespace]@'\n" $labels $text }}
{{- replace "@[runbook_base]@" (replace "'" "''" .Values.prometheusRule.runbookBase) $text }}
{{- end }}
