/** Where the load balancer's files are, the same on every supported distribution. */
export const haproxyConfigPath = "/etc/haproxy/haproxy.cfg";
export const haproxyDropInPath = "/etc/systemd/system/haproxy.service.d/10-slipway.conf";
export const haproxyAdminSocket = "/run/haproxy/admin.sock";
export const keepalivedConfigPath = "/etc/keepalived/keepalived.conf";
/** Holds the VRRP password alone, so that the rest of the configuration can be shown in a plan. */
export const keepalivedSecretPath = "/etc/keepalived/slipway-auth.conf";
export const keepalivedDropInPath = "/etc/systemd/system/keepalived.service.d/10-slipway.conf";

/** Name of the VRRP password in the vault. */
export const vrrpPasswordName = "load-balancer/vrrp-password";
