import GovernanceModel
import JSON

/// A document that was added, removed or changed: what it says, not how it is written.
public struct DocumentChange: Sendable, Equatable {
    public enum Action: String, Sendable {
        case added, removed, changed
    }

    public var kind: Kind
    public var name: String
    public var action: Action
    /// Where it stands now, or stood: `path:line`.
    public var source: String
    /// What it said; nil for one that was added.
    public var before: JSONValue?
    /// What it says; nil for one that was removed.
    public var after: JSONValue?
    /// Nothing for documents that were added or removed.
    public var fields: [FieldChange]

    /// `Kind/name`.
    public var id: String { "\(kind.rawValue)/\(name)" }

    /// The documents that differ, by kind and name. A document that was only moved, or written otherwise, says the same.
    static func all(_ base: Governance, _ head: Governance) -> [DocumentChange] {
        Kind.allCases.sorted().flatMap { kind in
            head.changes(kind, from: base).compactMap { change in
                guard let document = change.new ?? change.old else { return nil }
                let (before, after) = (change.old.map(content), change.new.map(content))
                if before == after { return nil }
                let action: Action = before == nil ? .added : after == nil ? .removed : .changed
                var fields: [FieldChange] = []
                if let before, let after { fields = FieldChange.all(before, after) }
                return DocumentChange(
                    kind: kind, name: document.plainName, action: action, source: "\(document.path):\(document.line)", before: before,
                    after: after, fields: fields)
            }
        }
    }

    private static func content(_ document: Document) -> JSONValue {
        var object: JSONObject = ["spec": .object(document.json)]
        if !document.labels.members.isEmpty { object["labels"] = .object(document.labels) }
        if !document.annotations.members.isEmpty { object["annotations"] = .object(document.annotations) }
        return .object(object)
    }
}

/// A field of a document that differs.
public struct FieldChange: Sendable, Equatable {
    /// `limit`, `rules[no-secrets].when`.
    public var path: String
    /// nil for a field that was not there.
    public var before: JSONValue?
    /// nil for a field that is not there any more.
    public var after: JSONValue?

    /// The smallest parts that differ. Items of lists are found again by what names them, wherever they stand.
    static func all(_ before: JSONValue, _ after: JSONValue) -> [FieldChange] {
        var changes: [FieldChange] = []
        compare(before, after, "", &changes)
        return changes
    }

    private static func compare(_ before: JSONValue?, _ after: JSONValue?, _ path: String, _ changes: inout [FieldChange]) {
        if before == after { return }
        switch (before, after) {
        case (.object(let old)?, .object(let new)?):
            for name in names(old.members.map(\.name), new.members.map(\.name)) {
                // The spec is the document: its fields are called by their names alone.
                let below = path.isEmpty ? (name == "spec" ? "" : name) : "\(path).\(name)"
                compare(old[name], new[name], below, &changes)
            }
        case (.array(let old)?, .array(let new)?):
            guard let oldKeys = keys(old), let newKeys = keys(new) else {
                if old.count == new.count {
                    for (number, items) in zip(old, new).enumerated() { compare(items.0, items.1, "\(path)[\(number)]", &changes) }
                } else {
                    changes.append(FieldChange(path: path, before: before, after: after))
                }
                return
            }
            let (olds, news) = (
                Dictionary(zip(oldKeys, old)) { first, _ in first }, Dictionary(zip(newKeys, new)) { first, _ in first }
            )
            let changed = names(oldKeys, newKeys).filter { olds[$0] != news[$0] }
            // The same items in another order.
            if changed.isEmpty { changes.append(FieldChange(path: path, before: before, after: after)) }
            for key in changed { compare(olds[key], news[key], "\(path)[\(key)]", &changes) }
        default: changes.append(FieldChange(path: path, before: before, after: after))
        }
    }

    private static func names(_ old: [String], _ new: [String]) -> [String] {
        let known = Set(old)
        return old + new.filter { !known.contains($0) }
    }

    /// What names each item, if something does and each has a name of its own.
    private static func keys(_ items: [JSONValue]) -> [String]? {
        let keys = items.map(key)
        let named = keys.compactMap(\.self)
        return named.count == items.count && Set(named).count == named.count ? named : nil
    }

    private static let naming = ["name", "id", "user", "effectiveFrom", "kind"]

    private static func key(_ item: JSONValue) -> String? {
        switch item {
        case .string(let text): return text
        case .object(let object):
            for name in naming { if case .string(let text)? = object[name] { return text } }
            return nil
        default: return nil
        }
    }
}
