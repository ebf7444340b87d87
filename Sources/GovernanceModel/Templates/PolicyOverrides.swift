import YAML

/// What a policy says itself beside the template that it is made from.
///
/// Its `type`, `description`, `enforcement` and `severity` take the place of the template's; so does each dimension of its `match` and of
/// `match.not`, while dimensions that it does not give stay the template's. Its `controls` are added to the template's.
enum PolicyOverrides {
    private static let replacing = ["type", "description", "enforcement", "severity"]

    /// - Returns: the `spec` of the policy that both come to.
    static func merge(_ own: YAMLNode, over template: YAMLNode) -> YAMLNode {
        guard case .mapping(var entries) = template.content, case .mapping(let given) = own.content else { return template }
        for entry in given {
            switch entry.key {
            case "controls": put(entry, into: &entries) { YAMLNode.union($0, entry.value) }
            case "match": put(entry, into: &entries) { match(entry.value, over: $0) }
            default: if replacing.contains(entry.key) { put(entry, into: &entries) { _ in entry.value } }
            }
        }
        var result = template
        result.content = .mapping(entries)
        return result
    }

    private static func match(_ own: YAMLNode, over template: YAMLNode) -> YAMLNode {
        guard case .mapping(var entries) = template.content, case .mapping(let given) = own.content else { return own }
        for entry in given {
            put(entry, into: &entries) { entry.key == "not" ? match(entry.value, over: $0) : entry.value }
        }
        var result = template
        result.content = .mapping(entries)
        return result
    }

    private static func put(_ entry: YAMLNode.Entry, into entries: inout [YAMLNode.Entry], _ combine: (YAMLNode) -> YAMLNode) {
        if let place = entries.firstIndex(where: { $0.key == entry.key }) {
            entries[place].value = combine(entries[place].value)
        } else {
            entries.append(entry)
        }
    }
}

extension YAMLNode {
    /// The items of two sequences, those of the second only where the first does not have them.
    fileprivate static func union(_ first: YAMLNode, _ second: YAMLNode) -> YAMLNode {
        let texts = Set(first.items.compactMap(\.scalarText))
        var result = first
        result.content = .sequence(first.items + second.items.filter { $0.scalarText.map { !texts.contains($0) } ?? true })
        return result
    }
}
