// Reads a list of Kubernetes objects as JSON from standard input, and prints what the validators of
// Kubernetes' and the operator's models say of each: types, enumerations, patterns, limits.

import { readFileSync } from "node:fs";

let wrong = 0;
for (const object of JSON.parse(readFileSync(0, "utf8"))) {
  const [group, version] = object.apiVersion.includes("/")
    ? object.apiVersion.split("/")
    : ["", object.apiVersion];
  const path = [group === "monitoring.coreos.com"
      ? "@kubernetes-models/prometheus-operator"
      : "kubernetes-models", group, version, object.kind].filter(Boolean).join("/");
  const model = (await import(path))[object.kind];
  try {
    new model(object).validate();
  } catch (error) {
    wrong += 1;
    console.log(`${object.kind} ${object.metadata?.name}: ${error.message}`);
  }
}
process.exit(wrong ? 1 : 0);
