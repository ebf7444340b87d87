import GovernanceModel

/// How the `charter up` of an organisation is started.
struct FleetLaunch: Sendable {
    var arguments: [String]
    var environment: [String: String]

    /// Variables that an organisation can have for itself: `CHARTER_GIT_TOKEN_ACME` is the `CHARTER_GIT_TOKEN` of `acme` alone.
    static let ownVariables = ["CHARTER_GIT_TOKEN", "CHARTER_WEBHOOK_SECRET", "CHARTER_ALERT_SECRET"]

    /// - Parameters:
    ///   - state: the fleet's state folder.
    ///   - environment: the fleet's.
    init(_ organization: FleetOrganization, state: String, environment: [String: String]) {
        var arguments = ["up", "--until-input-ends", "--state", "\(state)/\(organization.name)", "--listen", organization.listen]
        switch organization.reference {
        case .branch(nil): break
        case .branch(let name?): arguments += ["--branch=\(name)"]
        case .tag(let name): arguments += ["--tag=\(name)"]
        case .commit(let id): arguments += ["--commit=\(id)"]
        }
        if let path = organization.path { arguments += ["--path=\(path)"] }
        if let schema = organization.schema { arguments += ["--schema=\(schema)"] }
        if let interval = organization.pollInterval { arguments += ["--poll-interval=\(interval)"] }
        if let file = organization.allowedSigners { arguments += ["--allowed-signers=\(file)"] }
        if let file = organization.gpgKeyring { arguments += ["--gpg-keyring=\(file)"] }
        self.arguments = arguments

        // What may hold a credential goes through the environment: a command line is readable by every user of the machine.
        var own = environment
        own["CHARTER_REPOSITORY"] = organization.repository
        own["DATABASE_URL"] = organization.database
        own["CHARTER_ALERT_WEBHOOK"] = organization.alertWebhook
        let suffix = "_" + FleetOrganization.variableSuffix(organization.name)
        for variable in Self.ownVariables {
            // Those of others are not for it to see.
            for name in environment.keys where name.hasPrefix(variable + "_") { own[name] = nil }
            if let value = environment[variable + suffix] { own[variable] = value }
        }
        self.environment = own
    }
}
