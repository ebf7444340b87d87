import Diagnostics

/// All documents of one repository at one commit, linked: every reference resolves, names are unique, nothing goes round in circles.
public struct Governance: Sendable {
    /// By the numbers of kinds: the documents sorted by name, and by name.
    private var sorted: [[Document]] = Kind.numbered.map { _ in [] }
    private var index: [DocumentIndex] = Kind.numbered.map { _ in DocumentIndex() }
    /// Of policies that are made from templates, by their names.
    var expansions: [String: TemplateExpansion] = [:]
    /// What their trees take together, and may take, in bytes: a few bytes of YAML can stand for a long template.
    var expandedBytes = 0
    var expansionLimit = 256 << 20
    /// The policies to compile, sorted by name: those that are made from a template are what they come to, where that is known. `all(.policy)`
    /// has them as they stand in git.
    public internal(set) var policies: [Document] = []

    init() {}

    /// How many documents there are.
    public var count: Int { sorted.reduce(0) { $0 + $1.count } }

    /// The documents of `kind`, sorted by name.
    public func all(_ kind: Kind) -> [Document] { sorted[Int(kind.number)] }

    /// The document of `kind` called `name`.
    public func find(_ kind: Kind, _ name: String) -> Document? { index[Int(kind.number)][name] }

    /// The place of the document called `name` in `all(kind)`.
    public func place(of name: String, _ kind: Kind) -> Int? {
        let documents = all(kind)
        var (low, high) = (0, documents.count)
        while low < high {
            let middle = (low + high) / 2
            if documents[middle].plainName < name { low = middle + 1 } else { high = middle }
        }
        return low < documents.count && documents[low].plainName == name ? low : nil
    }

    /// The organisation; `nil` only in a repository that failed its checks.
    public var organization: Organization? { all(.organization).first.map { Organization(spec: $0.spec) } }

    /// Links the documents of `files`. The model is fit for compiling if the diagnostics, those of the files included, hold no error.
    public static func link(_ files: [ParsedFile]) -> (governance: Governance, diagnostics: [Diagnostic]) {
        let linked = LinkedVersion(files)
        return (linked.governance, files.flatMap(\.diagnostics) + linked.diagnostics)
    }

    /// Takes documents away and adds others.
    ///
    /// - Returns: false, and the model is good for nothing, if a name is taken.
    mutating func replace(_ removed: [Document], by added: [Document]) -> Bool {
        for document in removed { index[Int(document.kind.number)].remove(document.plainName) }
        for document in added where !index[Int(document.kind.number)].insert(document) { return false }
        for kind in Kind.numbered {
            let (gone, new) = (removed.filter { $0.kind == kind }, added.filter { $0.kind == kind })
            if gone.isEmpty, new.isEmpty { continue }
            let number = Int(kind.number)
            sorted[number] = Self.merge(sorted[number], without: gone.sorted(by: Self.isBefore), with: new.sorted(by: Self.isBefore))
        }
        return true
    }

    /// Names are ASCII: as texts they are in the order of their bytes.
    private static func isBefore(_ a: Document, _ b: Document) -> Bool { a.plainName < b.plainName }

    private static func merge(_ all: [Document], without gone: [Document], with new: [Document]) -> [Document] {
        var merged: [Document] = []
        merged.reserveCapacity(all.count - gone.count + new.count)
        var (goneNext, newNext) = (0, 0)
        for document in all {
            if goneNext < gone.count, gone[goneNext] === document {
                goneNext += 1
                continue
            }
            while newNext < new.count, isBefore(new[newNext], document) {
                merged.append(new[newNext])
                newNext += 1
            }
            merged.append(document)
        }
        return merged + new[newNext...]
    }

    /// A document of one version and the one of the same name in another; one of them may be absent.
    public struct Change: Sendable {
        public var old: Document?
        public var new: Document?
    }

    /// The documents of a kind that differ from those of another version, by name; without one, all. Policies are those to compile.
    public func changes(_ kind: Kind, from old: Governance?) -> [Change] {
        let (before, after) = kind == .policy ? (old?.policies ?? [], policies) : (old?.all(kind) ?? [], all(kind))
        var changes: [Change] = []
        var (left, right) = (0, 0)
        while left < before.count || right < after.count {
            if left < before.count, right < after.count {
                if before[left] === after[right] {
                    left += 1
                    right += 1
                    continue
                }
                if before[left].plainName == after[right].plainName {
                    changes.append(Change(old: before[left], new: after[right]))
                    left += 1
                    right += 1
                    continue
                }
            }
            if right == after.count || left < before.count && Self.isBefore(before[left], after[right]) {
                changes.append(Change(old: before[left], new: nil))
                left += 1
            } else {
                changes.append(Change(old: nil, new: after[right]))
                right += 1
            }
        }
        return changes
    }
}
