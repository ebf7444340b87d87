import JSON
import PolicyBundle

/// By what the engine finds the policies of a request.
public struct MatchIndexSummary: Sendable {
    /// What of a request leads to policies: a kind of anchor.
    public struct Anchors: Sendable {
        public var kind: String
        /// How many there are: subjects, teams, roles, values.
        public var count: Int
        /// How many policies they lead to.
        public var policies: Int
    }

    /// A slot that policies are looked up by.
    public struct EqualityGroup: Sendable {
        public var slot: Int
        public var path: String
        public var values: Int
        public var policies: Int
    }

    public let policies: Int
    /// 64-bit words of a bitmap over the policies.
    public let words: Int
    /// Words of the sparse bitmaps.
    public let sparseWords: Int
    public let resourceBitmaps: Int
    public let actionBitmaps: Int
    /// Policies whose dimensions about subjects the index does not tell.
    public let checkedPolicies: Int
    public let sharedConditions: Int
    public let anchors: [Anchors]
    public let equalityGroups: [EqualityGroup]

    public init(_ bundle: PolicyBundle) {
        policies = bundle.count(.hotp)
        words = bundle.index(.indx, 0, IndexColumn.policyWords)
        sparseWords = bundle.count(.post)
        resourceBitmaps = bundle.count(.modl) + bundle.count(.rtyp)
        // One more for actions that no document names.
        actionBitmaps = bundle.count(.actn) + 1
        checkedPolicies = (0..<bundle.count(.hotp)).count {
            bundle.word(.hotp, $0, HotPolicyColumn.flags) & HotPolicyColumn.checked != 0
        }
        sharedConditions = bundle.index(.indx, 0, IndexColumn.memos)
        func posts<Column: BundleColumn>(_ section: BundleSection, _ column: Column) -> [Range<Int>] {
            (0..<bundle.count(section)).map { bundle.records(section, $0, column) }
        }
        let valuePosts = posts(.eqva, EqualityValueColumn.posts)
        let groupOfValue = (0..<bundle.count(.eqva)).map { bundle.index(.eqva, $0, EqualityValueColumn.group) }
        let absent = posts(.eqgr, EqualityGroupColumn.absent)
        let kinds: [(String, [Range<Int>])] = [
            ("subject", posts(.anch, AnchorColumn.posts)), ("team", posts(.team, TeamColumn.posts)),
            ("role", posts(.role, RoleColumn.posts)),
            // A policy may be found by both.
            ("type of subject", [bundle.records(.indx, 0, IndexColumn.users), bundle.records(.indx, 0, IndexColumn.accounts)]),
            ("value of a slot", valuePosts),
            ("every request", [bundle.records(.indx, 0, IndexColumn.always)]),
        ]
        anchors = kinds.map { kind, posts in
            Anchors(kind: kind, count: posts.count { !$0.isEmpty }, policies: Self.policyCount(bundle, posts))
        }
        equalityGroups = (0..<bundle.count(.eqgr)).map { row in
            let slot = bundle.index(.eqgr, row, EqualityGroupColumn.slot)
            let own = valuePosts.indices.filter { groupOfValue[$0] == row }.map { valuePosts[$0] }
            return EqualityGroup(
                slot: slot, path: bundle.string(Int(bundle.word(.slot, slot, 0))), values: own.count,
                policies: Self.policyCount(bundle, own + [absent[row]]))
        }
    }

    /// How many policies sparse bitmaps hold together.
    private static func policyCount(_ bundle: PolicyBundle, _ posts: [Range<Int>]) -> Int {
        var words: [UInt32: UInt64] = [:]
        for row in posts.joined() {
            let bits = UInt64(bundle.word(.post, row, 1)) | UInt64(bundle.word(.post, row, 2)) << 32
            words[bundle.word(.post, row, 0), default: 0] |= bits
        }
        return words.values.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    public var json: JSONValue {
        [
            "policies": .int(Int64(policies)), "words": .int(Int64(words)), "sparseWords": .int(Int64(sparseWords)),
            "resourceBitmaps": .int(Int64(resourceBitmaps)), "actionBitmaps": .int(Int64(actionBitmaps)),
            "checkedPolicies": .int(Int64(checkedPolicies)), "sharedConditions": .int(Int64(sharedConditions)),
            "anchors": .array(
                anchors.map { ["kind": .string($0.kind), "count": .int(Int64($0.count)), "policies": .int(Int64($0.policies))] }),
            "equalityGroups": .array(
                equalityGroups.map {
                    [
                        "slot": .int(Int64($0.slot)), "path": .string($0.path), "values": .int(Int64($0.values)),
                        "policies": .int(Int64($0.policies)),
                    ]
                }),
        ]
    }

    /// In a few lines.
    public var lines: [String] {
        func count(_ number: Int, _ one: String, _ more: String) -> String { "\(number) \(number == 1 ? one : more)" }
        func policies(_ number: Int) -> String { count(number, "policy", "policies") }
        var lines = [
            "  \(policies(self.policies)) in \(count(words, "word", "words")), \(sparseWords) in sparse bitmaps",
            "  bitmaps for \(count(resourceBitmaps, "resource", "resources")) and \(count(actionBitmaps, "action", "actions"))",
            "  to be checked one by one: \(policies(checkedPolicies)); shared by rules: \(count(sharedConditions, "condition", "conditions"))",
        ]
        for anchor in anchors where anchor.policies > 0 {
            let number =
                anchor.count > 1 ? " in \(count(anchor.count, "place", "places"))" : ""
            lines.append("  found by \(anchor.kind): \(policies(anchor.policies))\(number)")
        }
        for group in equalityGroups {
            lines.append(
                "  slot \(group.slot) \(group.path): \(count(group.values, "value", "values")), \(policies(group.policies))")
        }
        return lines
    }
}
