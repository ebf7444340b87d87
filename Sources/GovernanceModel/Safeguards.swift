import JSON

/// What a commit may not take away by mistake.
extension Governance {
    /// The annotation that protects a document from being deleted.
    public static let protectAnnotation = "charter.dev/protect"

    /// The documents that are annotated as protected.
    public var protectedDocuments: [(kind: Kind, name: String)] {
        Kind.allCases.flatMap { kind in
            all(kind).filter { $0.annotations[Self.protectAnnotation] == .string("true") }.map { (kind, $0.name.value) }
        }
    }

    /// How many users who are not disabled have a role: directly, by a team of theirs or one above it, or by a role that inherits from it.
    public func holderCount(ofRole role: String) -> Int {
        var roles: Set<String> = []
        var pending = find(.role, role) == nil ? [] : [role]
        while let next = pending.popLast() {
            guard roles.insert(next).inserted else { continue }
            pending += all(.role).filter { Role(spec: $0.spec).inherits.contains { $0.value == next } }.map(\.name.value)
        }
        if roles.isEmpty { return 0 }
        var holders: Set<String> = []
        let teams = all(.team).map { (name: $0.name.value, team: Team(spec: $0.spec)) }
        var children: [String: [Int]] = [:]
        for (number, entry) in teams.enumerated() {
            if let parent = entry.team.parent?.value { children[parent, default: []].append(number) }
        }
        var seen: Set<Int> = []
        var reached = teams.indices.filter { number in teams[number].team.roles.contains { roles.contains($0.value) } }
        while let number = reached.popLast() {
            guard seen.insert(number).inserted else { continue }
            for member in teams[number].team.members { holders.insert(member.user.value) }
            reached += children[teams[number].name] ?? []
        }
        return all(.user).count { document in
            let user = User(spec: document.spec)
            if user.isDisabled { return false }
            return holders.contains(document.name.value) || user.roles.contains { roles.contains($0.value) }
        }
    }
}
