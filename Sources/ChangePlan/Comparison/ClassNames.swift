import PolicyBundle

/// The names of the roles and teams that subjects of a class have.
struct ClassNames: Equatable {
    var roles: Set<String> = []
    var teams: Set<String> = []

    /// By row of `clss`.
    static func all(_ bundle: PolicyBundle) -> [ClassNames] {
        (0..<bundle.count(.clss)).map { row in
            ClassNames(
                roles: Set(bundle.list(.clss, row, ClassColumn.roles).map { bundle.string(.role, $0, RoleColumn.name) }),
                teams: Set(bundle.list(.clss, row, ClassColumn.teams).map { bundle.string(.team, $0, TeamColumn.name) }))
        }
    }
}

extension AccessEffect.Subject {
    /// The subject at a row of `subj`.
    init(_ bundle: PolicyBundle, row: Int) {
        let isAccount = bundle.word(.subj, row, SubjectColumn.flags) & SubjectColumn.serviceAccount != 0
        self.init(type: isAccount ? "service-account" : "user", name: bundle.string(.subj, row, SubjectColumn.name))
    }
}
