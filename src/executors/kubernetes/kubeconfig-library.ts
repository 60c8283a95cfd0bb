/**
 * What is used of the Kubernetes client, as one module that is loaded with the first call: reading kubeconfigs and keeping
 * credentials fresh. Its generated API classes are not used: they copy every object field by field, have no bounded
 * retries, and leave the objects' types without what the server may add.
 */
export { KubeConfig } from "@kubernetes/client-node";
