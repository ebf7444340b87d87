import CEL
import GovernanceModel
import PolicyBundle

/// Builds the match index: by what a request is found to be about, the policies that may apply.
///
/// Each policy has one anchor: what of a request's subject it is found by. Policies are ordered by it, so that those with the same anchor lie
/// in the same words of a bitmap. The other dimensions are bitmaps to be ANDed with what the anchors give. What neither can tell is marked to
/// be checked for each policy.
struct MatchIndexBuilder {
    /// A policy that has been written.
    struct Policy {
        var row: UInt32
        var rules: UInt32
        var ruleCount: UInt32
        var match: MatchDimensions
        var exceptions: MatchDimensions
        /// For slots, the values of which one is needed for any rule to apply, if the slot has a value.
        var requirements: [Int: [String]]
        var enforcement: UInt32
        var hasVariables: Bool
    }

    enum Anchor {
        case subjects([UInt32])
        case teams([UInt32])
        case roles([UInt32])
        case types(users: Bool, accounts: Bool)
        case equality(slot: Int, values: [String])
        case always

        /// Anchors in the order of the index.
        var order: (Int, UInt32) {
            switch self {
            case .subjects(let rows): (0, rows.first ?? 0)
            case .teams(let rows): (1, rows.first ?? 0)
            case .roles(let rows): (2, rows.first ?? 0)
            case .types: (3, 0)
            case .equality(let slot, _): (4, UInt32(clamping: slot))
            case .always: (5, 0)
            }
        }
    }

    /// Effects of which one that is strict refuses the request.
    private static let denying = ["deny", "requireApproval"].compactMap { GovernanceModel.Policy.effects.firstIndex(of: $0) }.map {
        UInt32($0)
    }

    /// More policies than this on one anchor are looked up by a value that their conditions need, if there is one.
    private static let crowd = 64

    let universe: RequestUniverse
    /// The row of a subject by its type and name.
    let subjectRow: (_ isServiceAccount: Bool, _ name: String) -> UInt32?
    private(set) var policies: [Policy] = []

    init(universe: RequestUniverse, subjectRow: @escaping (Bool, String) -> UInt32?) {
        self.universe = universe
        self.subjectRow = subjectRow
    }

    mutating func add(_ policy: Policy) { policies.append(policy) }

    // MARK: Anchors

    private func subjectAnchor(_ policy: Policy) -> Anchor {
        if let subjects = policy.match.subjects {
            if subjects.allSatisfy({ !$0.type.hasStar && !$0.glob.hasStar }) {
                let rows = subjects.compactMap { subjectRow($0.type == "service-account", $0.glob) }
                return .subjects(Set(rows).sorted())
            }
            let isPlain = subjects.allSatisfy { $0.glob.matchesEverything && ["user", "service-account"].contains($0.type) }
            if isPlain, policy.match.teams == nil, policy.match.roles == nil {
                return .types(users: subjects.contains { $0.type == "user" }, accounts: subjects.contains { $0.type == "service-account" })
            }
        }
        if let teams = policy.match.teams { return .teams(teams) }
        if let roles = policy.match.roles { return .roles(roles) }
        return .always
    }

    /// - Parameter exempted: policies that some exemption names. The decision names the exemption whether their conditions hold or not, so that
    ///   they must be found whatever their conditions need.
    private func anchors(exempted: Set<UInt32>) -> [Anchor] {
        var anchors = policies.map(subjectAnchor)
        var teamCrowds: [UInt32: Int] = [:]
        var roleCrowds: [UInt32: Int] = [:]
        for anchor in anchors {
            if case .teams(let rows) = anchor { for row in rows { teamCrowds[row, default: 0] += 1 } }
            if case .roles(let rows) = anchor { for row in rows { roleCrowds[row, default: 0] += 1 } }
        }
        for (number, policy) in policies.enumerated() where !exempted.contains(policy.row) {
            guard let (slot, values) = policy.requirements.min(by: { ($0.value.count, $0.key) < ($1.value.count, $1.key) }) else {
                continue
            }
            let isCrowded =
                switch anchors[number] {
                case .subjects: false
                case .teams(let rows): rows.contains { teamCrowds[$0, default: 0] > Self.crowd }
                case .roles(let rows): rows.contains { roleCrowds[$0, default: 0] > Self.crowd }
                case .types, .equality, .always: true
                }
            if isCrowded { anchors[number] = .equality(slot: slot, values: values) }
        }
        return anchors
    }

    /// Whether the policy's dimensions about subjects say more than its anchor and the exceptions that are posted.
    private func isChecked(_ policy: Policy, _ anchor: Anchor) -> Bool {
        if policy.exceptions.subjects != nil { return true }
        let match = policy.match
        return switch anchor {
        case .subjects: match.teams != nil || match.roles != nil
        case .teams: match.subjects != nil || match.roles != nil
        case .roles: match.subjects != nil
        case .types: false
        case .equality, .always: match.subjects != nil || match.teams != nil || match.roles != nil
        }
    }

    // MARK: Writing

    /// Bits of policies, by place in the index.
    private struct Posting {
        private var words: [UInt32: UInt64] = [:]

        mutating func insert(_ place: Int) { words[UInt32(place / 64), default: 0] |= 1 << UInt64(place % 64) }

        func write(_ writer: inout BundleWriter) -> (first: UInt32, count: UInt32) {
            let first = writer.count(.post)
            for (number, bits) in words.sorted(by: { $0.key < $1.key }) {
                writer.append(.post, words: [number, UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32)])
            }
            return (words.isEmpty ? 0 : first, UInt32(words.count))
        }
    }

    /// - Parameters:
    ///   - exemptions: by row of the subject, the exemptions that name it.
    ///   - exempted: the policies that some exemption names.
    ///   - memos: how many conditions rules share.
    func write(_ writer: inout BundleWriter, exemptions: [UInt32: [UInt32]], exempted: Set<UInt32>, memos: UInt32) {
        let anchors = anchors(exempted: exempted)
        let order = policies.indices.sorted {
            let (a, b) = (anchors[$0].order, anchors[$1].order)
            return (a.0, a.1, $0) < (b.0, b.1, $1)
        }
        var always = Posting()
        var users = Posting()
        var accounts = Posting()
        var subjects: [UInt32: Posting] = [:]
        var teams: [UInt32: Posting] = [:]
        var roles: [UInt32: Posting] = [:]
        var notTeams: [UInt32: Posting] = [:]
        var notRoles: [UInt32: Posting] = [:]
        // By bytes, as conditions compare.
        var groups: [Int: (absent: Posting, values: [[UInt8]: Posting])] = [:]
        let words = BundleFormat.bitmapWords(policies.count)
        var entries = Array(repeating: [UInt64](repeating: 0, count: words), count: universe.entryCount)
        var actions = Array(repeating: [UInt64](repeating: 0, count: words), count: universe.actionCount)
        for (place, number) in order.enumerated() {
            let policy = policies[number]
            switch anchors[number] {
            case .subjects(let rows): for row in rows { subjects[row, default: Posting()].insert(place) }
            case .teams(let rows): for row in rows { teams[row, default: Posting()].insert(place) }
            case .roles(let rows): for row in rows { roles[row, default: Posting()].insert(place) }
            case .types(let isForUsers, let isForAccounts):
                if isForUsers { users.insert(place) }
                if isForAccounts { accounts.insert(place) }
            case .equality(let slot, let values):
                groups[slot, default: (Posting(), [:])].absent.insert(place)
                for value in values { groups[slot, default: (Posting(), [:])].values[Array(value.utf8), default: Posting()].insert(place) }
            case .always: always.insert(place)
            }
            for row in policy.exceptions.teams ?? [] { notTeams[row, default: Posting()].insert(place) }
            for row in policy.exceptions.roles ?? [] { notRoles[row, default: Posting()].insert(place) }
            var flags = policy.enforcement << HotPolicyColumn.enforcementShift
            if policy.hasVariables || policy.ruleCount != 1 { flags |= HotPolicyColumn.isComplex }
            if isChecked(policy, anchors[number]) { flags |= HotPolicyColumn.checked }
            let (word, bit) = (place / 64, UInt64(1) << UInt64(place % 64))
            for entry in entries.indices {
                let coverage = universe.covers(policy.match, not: policy.exceptions, entry: entry)
                if coverage != .no { entries[entry][word] |= bit }
                if coverage == .perhaps { flags |= HotPolicyColumn.checkedForDeclaredType }
            }
            for action in actions.indices {
                let coverage = universe.covers(policy.match.actions, not: policy.exceptions.actions, action: action)
                if coverage != .no { actions[action][word] |= bit }
                if coverage == .perhaps { flags |= HotPolicyColumn.checkedForUnknownAction }
            }
            var (condition, memo) = (BundleFormat.none, BundleFormat.none)
            if policy.ruleCount == 1 {
                condition = writer.word(.rule, policy.rules, RuleColumn.condition)
                memo = writer.word(.rule, policy.rules, RuleColumn.memo)
                let effect = writer.word(.rule, policy.rules, RuleColumn.effect)
                if policy.enforcement == 0, Self.denying.contains(effect) { flags |= HotPolicyColumn.denies }
            }
            let table: CELDecisionTable =
                flags & HotPolicyColumn.isComplex != 0 ? .none : condition == BundleFormat.none ? .always : writer.decisionTable(condition)
            writer.append(.hotp, words: table.words + [flags, memo, condition])
            writer.append(.plac, [PlaceColumn.policy: policy.row, .rules: policy.rules, .ruleCount: policy.ruleCount])
        }
        for (row, posting) in teams.sorted(by: { $0.key < $1.key }) {
            Self.set(&writer, .team, row, TeamColumn.posts, .postCount, posting, first: .firstWord)
        }
        for (row, posting) in notTeams.sorted(by: { $0.key < $1.key }) {
            Self.set(&writer, .team, row, TeamColumn.notPosts, .notPostCount, posting)
        }
        for (row, posting) in roles.sorted(by: { $0.key < $1.key }) {
            Self.set(&writer, .role, row, RoleColumn.posts, .postCount, posting, first: .firstWord)
        }
        for (row, posting) in notRoles.sorted(by: { $0.key < $1.key }) {
            Self.set(&writer, .role, row, RoleColumn.notPosts, .notPostCount, posting)
        }
        writeAnchored(&writer, subjects, exemptions)
        writeGroups(&writer, groups)
        let entryStart = writer.count(.bits)
        for bitmap in entries { _ = writer.bitmap(bitmap) }
        let actionStart = writer.count(.bits)
        for bitmap in actions { _ = writer.bitmap(bitmap) }
        let (all, person, machine) = (always.write(&writer), users.write(&writer), accounts.write(&writer))
        writer.append(
            .indx,
            [
                IndexColumn.policyWords: UInt32(words), .entryBitmaps: entryStart, .actionBitmaps: actionStart, .always: all.first,
                .alwaysCount: all.count, .users: person.first, .userCount: person.count, .accounts: machine.first,
                .accountCount: machine.count, .memos: memos,
            ])
    }

    private static func set<Column: BundleColumn>(
        _ writer: inout BundleWriter, _ section: BundleSection, _ row: UInt32, _ posts: Column, _ count: Column, _ posting: Posting,
        first: Column? = nil
    ) {
        let place = posting.write(&writer)
        writer.set(section, row, posts, place.first)
        writer.set(section, row, count, place.count)
        guard let first, place.count > 0 else { return }
        for word in 0..<3 {
            guard let column = Column(rawValue: first.rawValue + word) else { continue }
            writer.set(section, row, column, writer.word(.post, place.first, word))
        }
    }

    private func writeAnchored(_ writer: inout BundleWriter, _ subjects: [UInt32: Posting], _ exemptions: [UInt32: [UInt32]]) {
        for row in Set(subjects.keys).union(exemptions.keys).sorted() {
            let posts = (subjects[row] ?? Posting()).write(&writer)
            let list = writer.list(exemptions[row] ?? [])
            writer.append(
                .anch,
                [
                    AnchorColumn.subject: row, .posts: posts.first, .postCount: posts.count, .exemptions: list.offset,
                    .exemptionCount: list.count,
                ])
            writer.set(.subj, row, SubjectColumn.flags, writer.word(.subj, row, SubjectColumn.flags) | SubjectColumn.anchored)
        }
    }

    private func writeGroups(_ writer: inout BundleWriter, _ groups: [Int: (absent: Posting, values: [[UInt8]: Posting])]) {
        for (slot, group) in groups.sorted(by: { $0.key < $1.key }) {
            let absent = group.absent.write(&writer)
            let number = writer.append(
                .eqgr, [EqualityGroupColumn.slot: UInt32(slot), .absent: absent.first, .absentCount: absent.count])
            for (text, posting) in group.values.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                let posts = posting.write(&writer)
                writer.append(
                    .eqva,
                    [
                        EqualityValueColumn.group: number, .text: writer.string(String(decoding: text, as: UTF8.self)), .posts: posts.first,
                        .postCount: posts.count,
                    ])
            }
        }
    }
}
