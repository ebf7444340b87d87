import GovernanceModel

/// What a change of access means, in words.
enum AccessVerdict: Int, Comparable {
    case gained, freer, other, narrower, lost

    init(_ change: AccessEffect.Change) {
        switch (change.gained != nil, change.lost != nil) {
        case (true, false): self = change.before == .never ? .gained : .freer
        case (false, _): self = change.after == .never ? .lost : .narrower
        case (true, true): self = .other
        }
    }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    var sign: String {
        switch self {
        case .gained, .freer: "+"
        case .other: "~"
        case .narrower, .lost: "-"
        }
    }

    /// Goes before the action.
    func phrase(_ change: AccessEffect.Change) -> String {
        switch self {
        case .gained: change.after == .always ? "may now" : "may now, if conditions hold,"
        case .freer: change.after == .always ? "may now whatever the request says" : "may in more cases"
        case .other: "may in other cases"
        case .narrower: change.before == .always ? "may no longer in every case" : "may in fewer cases"
        case .lost: "may no longer"
        }
    }
}

/// Changes of one effect that read as one sentence.
struct AccessSentence {
    var verdict: AccessVerdict
    var phrase: String
    /// In order, as the resources.
    var actions: [String]
    var resources: [String]
    var witness: AccessEffect.Witness?

    /// Of an effect, what is gained first.
    static func all(_ effect: AccessEffect) -> [AccessSentence] {
        var sentences: [AccessSentence] = []
        for change in effect.changes {
            let verdict = AccessVerdict(change)
            let phrase = verdict.phrase(change)
            if let place = sentences.firstIndex(where: { $0.phrase == phrase && $0.actions == [change.action] }) {
                sentences[place].resources.append(change.resource)
            } else {
                sentences.append(
                    AccessSentence(
                        verdict: verdict, phrase: phrase, actions: [change.action], resources: [change.resource],
                        witness: change.gained ?? change.lost))
            }
        }
        // Actions on the same resources are one sentence too.
        var joined: [AccessSentence] = []
        for sentence in sentences {
            if let place = joined.firstIndex(where: { $0.phrase == sentence.phrase && $0.resources == sentence.resources }) {
                joined[place].actions += sentence.actions
            } else {
                joined.append(sentence)
            }
        }
        return joined.enumerated().sorted { ($0.element.verdict, $0.offset) < ($1.element.verdict, $1.offset) }.map(\.element)
    }

    /// The actions in few words: `llm.*` for all that can be done with a model.
    var shortActions: [String] {
        let all = Set(Model.actions)
        guard all.isSubset(of: actions) else { return actions }
        return ["llm.*"] + actions.filter { !all.contains($0) }
    }

    /// The resources in few words: `all 47 models`, or a provider's as `openai/* (12)`, where none is left out.
    func shortResources(of models: [String]) -> [String] {
        let named = Set(resources.filter { $0.hasPrefix("model:") }.map { String($0.dropFirst(6)) })
        let others = resources.filter { !$0.hasPrefix("model:") }
        if named.count > 1, named.count == models.count { return ["all \(models.count) models"] + others }
        var words: [String] = []
        var done: Set<Substring> = []
        for name in named.sorted() {
            let provider = name.prefix { $0 != "/" }
            let all = models.filter { $0.hasPrefix(provider + "/") }
            if all.count > 2, all.allSatisfy(named.contains) {
                if done.insert(provider).inserted { words.append("\(provider)/* (\(all.count))") }
            } else {
                words.append(name)
            }
        }
        return words + others
    }
}

/// Lists that do not get too long.
enum ShortList {
    static func text(_ items: [String], most: Int, separator: String = ", ") -> String {
        if items.count <= most + 1 { return items.joined(separator: separator) }
        return items.prefix(most).joined(separator: separator) + " and \(items.count - most) more"
    }
}
