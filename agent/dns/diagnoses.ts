/**
 * Every diagnosis that there is, in the order of causes: an earlier one may be why a later one shows
 * (precedence.ts says which). Severity is that of monitoring: `info` is worth knowing and no fault.
 *
 * That a resolver does not validate is no fault: most do not.
 */
export type Severity = 'info' | 'warning' | 'critical'

interface DiagnosisInfo {
  readonly severity: Severity
  /** What the code says, in one phrase. */
  readonly meaning: string
  /** What the operator does now. */
  readonly next: string
}

const PORTS = 'check network policies, firewalls and security groups for'

export const DIAGNOSES = {
  // --- time
  'own-clock-wrong': {
    severity: 'critical',
    meaning: 'signatures and certificates of several parties exclude what our own clock says',
    next: 'set this clock right first (`timewarden sources`); what follows may be its consequence',
  },
  'conntrack-full': {
    severity: 'critical',
    meaning: 'the table of the connection tracking is (nearly) full: new flows are dropped',
    next: 'raise net.netfilter.nf_conntrack_max or find who opens so many flows (`conntrack -S`, `conntrack -C`)',
  },
  'resolver-clock-wrong': {
    severity: 'critical',
    meaning: 'the resolver cannot validate signatures that are valid now',
    next: 'check the clock of the machine that runs this resolver, then flush its cache of failures',
  },
  'zone-expired': {
    severity: 'warning',
    meaning: 'signatures of the zone are not valid now',
    next: 'tell the operator of the zone to sign it again; nothing on this node helps',
  },
  'bogus-zone': {
    severity: 'warning',
    meaning: 'validation fails although every time is right',
    next: 'compare the DS record of the parent with the DNSKEY of the zone (`delv`, dnsviz), and the trust anchors of the resolver',
  },
  // --- the way of a query
  'cluster-dns-down': {
    severity: 'critical',
    meaning: 'the DNS of the cluster does not answer this node at all',
    next: 'look at the CoreDNS pods (`kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide`) and the way to them',
  },
  'node-cache-dead': {
    severity: 'critical',
    meaning: 'the DNS cache of this node does not answer',
    next: 'look at the node-local-dns pod of this node (killed for memory?); its iptables rules may still point at it',
  },
  'service-broken': {
    severity: 'critical',
    meaning: 'CoreDNS answers at its endpoints and not at its service address',
    next: 'check kube-proxy (or what replaces it) on this node, its rules and the connection tracking',
  },
  'all-upstreams-dead': {
    severity: 'critical',
    meaning: 'no upstream of a forwarding answers: only what is cached still resolves',
    next: 'check the upstreams and the way to them from this node',
  },
  'upstream-dead': {
    severity: 'warning',
    meaning: 'one upstream of a forwarding does not answer',
    next: 'bring it back or take it out of the forwarding',
  },
  'replica-down': {
    severity: 'warning',
    meaning: 'some endpoints of CoreDNS do not answer while the others do',
    next: 'look at that pod and its node; an endpoint that is not ready must leave the EndpointSlice',
  },
  'all-nameservers-dead': {
    severity: 'critical',
    meaning: 'no nameserver of resolv.conf answers: no lookup succeeds',
    next: 'check the way to the nameservers, or name others in resolv.conf',
  },
  'first-nameserver-dead': {
    severity: 'warning',
    meaning: 'lookups wait for a dead nameserver before they ask the next',
    next: 'bring it back, take it out of resolv.conf, or move it to the end',
  },
  // --- one server
  'server-down': {
    severity: 'warning',
    meaning: 'the server refuses connections: nothing listens there',
    next: 'start the DNS server there, or correct the address',
  },
  'server-silent': {
    severity: 'warning',
    meaning: 'nothing comes back from the server, on any transport',
    next: 'check that the machine is up and that a firewall lets port 53 through, both ways',
  },
  'no-resolution': {
    severity: 'warning',
    meaning: 'the server tells who it is and answers nothing else: what it asks is silent',
    next: 'check the upstreams of this server',
  },
  'udp-blocked': {
    severity: 'critical',
    meaning: 'the server answers over a stream and not over UDP',
    next: `${PORTS} UDP port 53, both ways`,
  },
  'truncated-without-tcp': {
    severity: 'warning',
    meaning: 'answers are truncated, and TCP, which would bring the rest, does not get through',
    next: `${PORTS} TCP port 53: long answers need it`,
  },
  'tcp-blocked': {
    severity: 'warning',
    meaning: 'the server answers over UDP and not over TCP',
    next: `${PORTS} TCP port 53 (RFC 7766 demands it)`,
  },
  'dot-blocked': {
    severity: 'warning',
    meaning: 'the server answers, and not over DNS over TLS',
    next: `${PORTS} TCP port 853, and whether the server offers it`,
  },
  'dot-not-tls': {
    severity: 'warning',
    meaning: 'the port of DNS over TLS does not speak TLS as we do',
    next: 'try `openssl s_client -connect ADDRESS:853`; check the port and the TLS versions',
  },
  'dot-not-yet-valid': {
    severity: 'warning',
    meaning: 'the certificate is not valid yet',
    next: 'issue the certificate again with a right clock',
  },
  'dot-expired': {
    severity: 'warning',
    meaning: 'the certificate has expired',
    next: 'renew the certificate of the server',
  },
  'dot-untrusted': {
    severity: 'warning',
    meaning: 'nobody whom we trust signed the certificate',
    next: 'add the CA to the trusted ones (caBundle), or find out who answers there',
  },
  'dot-name': {
    severity: 'warning',
    meaning: 'the certificate is for another name',
    next: 'set the server name (tls_servername) to a name of the certificate',
  },
  'edns-refused': {
    severity: 'warning',
    meaning: 'the server, or a box before it, refuses questions with EDNS',
    next: 'update the server or the firewall that drops EDNS (RFC 6891); see dnsflagday.net',
  },
  'large-answers-lost': {
    severity: 'warning',
    meaning: 'large answers over UDP are lost: fragments, or a firewall',
    next: 'limit the size to 1232 bytes (`bufsize 1232`), check the MTU and firewalls that drop fragments',
  },
  'fragments-lost': {
    severity: 'info',
    meaning: 'answers over UDP that need fragments are lost, those up to 1232 bytes come',
    next: 'nothing for those who announce 1232 bytes; let nobody announce 4096 (`bufsize 1232`, `edns-buffer-size`)',
  },
  'ipv6-silent': {
    severity: 'warning',
    meaning: 'questions for IPv6 addresses are not answered, those for IPv4 are',
    next: 'update the server; until then `options no-aaaa` or `single-request` spares the wait',
  },
  'pair-loss': {
    severity: 'warning',
    meaning: 'A and AAAA from one socket lose answers, from two they do not: the race in conntrack',
    next: 'run the node-local cache or use TCP to the service; `options single-request-reopen` helps glibc',
  },
  'packet-loss': {
    severity: 'warning',
    meaning: 'datagrams to or from the server are lost',
    next: 'look at the path (`mtr`), drops of the interfaces (`ip -s link`) and the load of the server',
  },
  'only-cached': {
    severity: 'warning',
    meaning: 'names in the cache are answered, fresh ones are not',
    next: 'check the upstreams of this server before its cache runs out',
  },
  'late-answers': {
    severity: 'warning',
    meaning: 'answers come after the one who asked gave up',
    next: 'look at the load of the server and at what it waits for',
  },
  slow: {
    severity: 'warning',
    meaning: 'answers for a cached name take long',
    next: 'look at the load and CPU limits of the server (throttling) and at the path',
  },
  'wrong-answers': {
    severity: 'critical',
    meaning: 'answers that do not belong to the question: a broken server, or somebody forges',
    next: 'capture the traffic (`tcpdump port 53`) and find who sends them; TCP or TLS until then',
  },
  malformed: {
    severity: 'warning',
    meaning: 'what comes back is no DNS message',
    next: 'find out what listens there; capture one answer',
  },
  'nxdomain-hijack': {
    severity: 'warning',
    meaning: 'a name that does not exist is answered with addresses',
    next: 'use a resolver that tells the truth, or remove the wildcard record (also in search domains)',
  },
  // --- what is answered
  'no-recursion': {
    severity: 'warning',
    meaning: 'the server does not resolve for us: recursion is not available',
    next: 'allow recursion for this node there, or name a resolver instead',
  },
  'upstream-disagreement': {
    severity: 'warning',
    meaning: 'upstreams of one forwarding answer the same question differently',
    next: 'forward this zone only to those that know it; the policy makes the answer a matter of luck',
  },
  'upstream-records-differ': {
    severity: 'info',
    meaning: 'upstreams of one forwarding give different records for the same name',
    next: 'nothing, if the zone does that on purpose (views, nearest servers)',
  },
  servfail: {
    severity: 'warning',
    meaning: 'the server fails to answer: SERVFAIL',
    next: 'read the log of this server; its upstreams or the zone are broken',
  },
  refused: {
    severity: 'warning',
    meaning: 'the server refuses to answer us: REFUSED',
    next: 'check the access list of the server and whether it serves this zone',
  },
  'not-implemented': {
    severity: 'warning',
    meaning: 'the server does not understand the question: NOTIMP or FORMERR',
    next: 'update the server, or find the box that answers in its place',
  },
  'name-missing': {
    severity: 'warning',
    meaning: 'a name that must exist does not: NXDOMAIN',
    next: 'check the zone and whether this server forwards it to one that knows it',
  },
  nodata: {
    severity: 'warning',
    meaning: 'a name that must have records has none of this type: an empty answer',
    next: 'check the records of the name in its zone',
  },
  'stale-answers': {
    severity: 'warning',
    meaning: 'answers have TTL 0, which they had not before: a cache serves what has expired',
    next: 'check the upstreams of this server: it cannot refresh its cache',
  },
  'ttl-frozen': {
    severity: 'info',
    meaning: 'the TTL of a cached answer does not fall',
    next: 'look for a box that rewrites TTLs: changes of a zone arrive late',
  },
  'serial-spread': {
    severity: 'warning',
    meaning: 'servers of one zone hold different versions of it',
    next: 'check zone transfers (NOTIFY, IXFR) to the one that lags',
  },
  // --- configuration
  'resolv-conf-missing': {
    severity: 'warning',
    meaning: 'there is no resolv.conf: lookups go to this machine itself',
    next: 'write one, or mount that of the host',
  },
  'resolv-conf-drift': {
    severity: 'warning',
    meaning: 'resolv.conf changed after CoreDNS read it: CoreDNS still uses the old one',
    next: 'restart CoreDNS (`kubectl rollout restart`): it reads the file once',
  },
  'resolv-conf-ignored': {
    severity: 'info',
    meaning: 'resolv.conf names more nameservers than the three that are ever asked',
    next: 'keep the three that matter, or put a local resolver before them',
  },
  'search-amplification': {
    severity: 'info',
    meaning: 'one lookup of an outside name costs many queries, because of search and ndots',
    next: 'write such names with a dot at the end, or lower ndots (dnsConfig of the pod)',
  },
  'coredns-not-ready': {
    severity: 'warning',
    meaning: 'CoreDNS says of itself that it is not ready or not healthy',
    next: 'read the log of that pod; `kubernetes` waits for the API server',
  },
  'coredns-panics': {
    severity: 'warning',
    meaning: 'a query made CoreDNS panic',
    next: 'read the log for the stack and update CoreDNS',
  },
} as const satisfies Readonly<Record<string, DiagnosisInfo>>

export type DiagnosisCode = keyof typeof DIAGNOSES

export const DIAGNOSIS_CODES = Object.keys(DIAGNOSES) as readonly DiagnosisCode[]

const RANKS: ReadonlyMap<DiagnosisCode, number> = new Map(
  DIAGNOSIS_CODES.map((code, index) => [code, index]),
)

/** Its place in the order of causes, from 0. */
export const rankOf = (code: DiagnosisCode): number => RANKS.get(code) ?? 0
