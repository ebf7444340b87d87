import GovernanceModel
import PolicyBundle
import Testing

@testable import PolicyEngine

/// Who may use the server itself: roles alone tell.
@Suite struct PermissionTests {
    private static let yaml = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: acme}
        spec: {displayName: Acme, currency: USD, subjectAttributes: {region: {type: string}}}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: caller}
        spec: {permissions: [{actions: [charter.decide], resources: ["charter:*"]}]}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: reader}
        spec:
          inherits: [caller]
          permissions:
            - {actions: ["charter.*.read", charter.read], resources: ["charter:server"]}
            - {actions: [charter.validate], resources: ["charter:*"], when: subject.attributes.region == "eu"}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: models}
        spec: {permissions: [{actions: ["*"], resources: ["model:*"]}]}
        ---
        apiVersion: charter/v1
        kind: ServiceAccount
        metadata: {name: gateway}
        spec: {owner: ada, roles: [caller], identities: ["spiffe://a/gateway"]}
        ---
        apiVersion: charter/v1
        kind: ServiceAccount
        metadata: {name: off}
        spec: {owner: ada, roles: [caller], disabled: true}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: ada}
        spec: {email: a@b.c, roles: [reader], attributes: {region: eu}, identities: ["sub-of-ada"]}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: grace}
        spec: {email: g@b.c, roles: [reader, models]}
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: nobody}
        spec: {type: security, rules: [{name: all, effect: deny}]}

        """

    @Test func `roles permit, conditions count, and policies are not asked`() throws {
        let session = DecisionSession(try TestEngine.compile(["world.yaml": Self.yaml]))
        func may(_ type: String, _ id: String, _ action: String, _ resource: (String, String) = ("charter", "server")) -> Bool {
            session.isPermitted(subject: (type, id), action: action, resource: resource, now: 1_800_000_000_000_000_000)
        }
        #expect(may("service-account", "gateway", "charter.decide"))
        #expect(may("service-account", "spiffe://a/gateway", "charter.decide"))
        #expect(!may("service-account", "gateway", "charter.explain"))
        #expect(!may("user", "gateway", "charter.decide"), "of another type")
        #expect(!may("service-account", "off", "charter.decide"), "disabled")
        #expect(!may("service-account", "nobody", "charter.decide"))
        #expect(!may("service-account", "", "charter.decide"))
        #expect(may("user", "ada", "charter.violations.read") && may("user", "ada", "charter.read") && may("user", "ada", "charter.decide"))
        #expect(!may("user", "ada", "charter.read", ("charter", "another")), "the resource counts")
        #expect(may("user", "ada", "charter.validate"))
        #expect(!may("user", "grace", "charter.validate"), "a condition that fails permits nothing")
        #expect(!may("user", "grace", "charter.unheard-of"), "an action that the type has not")
        #expect(!session.isAllowed, "nothing was decided")
    }

    @Test func `subjects are found by name and by identity, and not by one for the other`() throws {
        let engine = try TestEngine.compile(["world.yaml": Self.yaml])
        #expect(engine.subject(type: "user", name: "ada") == .init(type: "user", name: "ada"))
        #expect(engine.subject(type: "service-account", name: "ada") == nil)
        #expect(engine.subject(type: "robot", name: "ada") == nil)
        #expect(engine.subject(identity: "sub-of-ada")?.name == "ada")
        #expect(engine.subject(identity: "spiffe://a/gateway") == .init(type: "service-account", name: "gateway"))
        #expect(engine.subject(identity: "ada") == nil, "a name is no identity")
        #expect(engine.subject(identity: "") == nil)
    }
}
