import HTTPService
import JSON
import NIOHTTP1
import Reconciler

/// What is declared: read from the database that holds it, changed in the repository alone.
extension APIRoutes {
    /// - Parameter store: `nil` where no database belongs to the server.
    mutating func addDeclared(_ store: DeclaredStore?) {
        for collection in DeclaredCollection.all {
            let path = "/v1/\(collection.path)"
            if collection.isSingle {
                onOne(path, collection, store)
            } else {
                on(.GET, path, .read) { request, _ in
                    RuntimeAnswers.with(store, request, missing: Self.nothingDeclared) { store, query throws(QueryFault) in
                        let filter = try query.declaredFilter()
                        return { DeclaredAnswers.page(try await store.page(collection, filter)) }
                    }
                }
                advise(path, Self.advice)
                onOne(path + (collection.hasNamesWithSlash ? "/{name...}" : "/{name}"), collection, store)
            }
        }
    }

    private mutating func onOne(_ path: String, _ collection: DeclaredCollection, _ store: DeclaredStore?) {
        on(.GET, path, .read) { request, _ in
            RuntimeAnswers.with(store, request, missing: Self.nothingDeclared) { store, query throws(QueryFault) in
                try query.check([])
                let name = try query.name(request.capture, isNeeded: !collection.isSingle)
                return { DeclaredAnswers.one(try await store.document(collection, name), collection, name) }
            }
        }
        advise(path, Self.advice)
    }

    private static let advice =
        "what is declared can be read here and changed in the repository alone: commit the change, and it is in force once it was checked"
    private static let nothingDeclared = "no database belongs to this server: what is declared is read where one does, or in the repository"
}

extension RuntimeQuery {
    /// So many labels can be asked for at once.
    private static let mostLabels = 8
    /// With its value.
    private static let longestLabel = 256
    private static let longestName = 128

    func declaredFilter() throws(QueryFault) -> DeclaredStore.Filter {
        try check(["prefix", "label", "cursor", "limit"])
        var filter = DeclaredStore.Filter()
        filter.prefix = try nameText("prefix")
        filter.cursor = try nameText("cursor")
        filter.limit = try limit(most: DeclaredStore.longestPage)
        let labels = values("label")
        if labels.count > Self.mostLabels { throw QueryFault(pointer: "label", detail: "may be there \(Self.mostLabels) times at most") }
        for label in labels {
            // In bytes, as a mark that combines would hide the sign.
            guard let equals = label.utf8.firstIndex(of: UInt8(ascii: "=")), equals != label.startIndex, !label.utf8.contains(0),
                label.unicodeScalars.count <= Self.longestLabel
            else { throw QueryFault(pointer: "label", detail: "must be `key=value`, \(Self.longestLabel) characters at most") }
            filter.labels.append((String(label[..<equals]), String(label[label.utf8.index(after: equals)...])))
        }
        return filter
    }

    /// What a name is made of, or the beginning of one.
    private func nameText(_ name: String) throws(QueryFault) -> String? {
        guard let text = try text(name) else { return nil }
        let isName = text.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte) || (0x2d...0x39).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard isName, text.utf8.count <= Self.longestName else {
            throw QueryFault(
                pointer: name,
                detail:
                    "must be made of what names are made of, lower-case letters, digits, `-`, `.`, `_` and `/`, \(Self.longestName) at most"
            )
        }
        return text
    }

    /// A name out of a path.
    func name(_ capture: String?, isNeeded: Bool) throws(QueryFault) -> String? {
        guard isNeeded else { return nil }
        guard let name = capture, Self.isText(name) else {
            throw QueryFault(pointer: "name", detail: "must be a text of 1 to 1024 bytes")
        }
        return name
    }
}

private enum DeclaredAnswers {
    static func page(_ page: DeclaredStore.Page) -> HTTPResponse {
        EnforcementServer.json(["items": .array(page.documents), "nextCursor": page.next.map { .string($0) } ?? .null])
    }

    static func one(_ document: JSONValue?, _ collection: DeclaredCollection, _ name: String?) -> HTTPResponse {
        guard let document else {
            let what = name.map { "\(collection.kind) `\($0)`" } ?? collection.kind
            return .problem(Problem(status: .notFound, detail: "no \(what) is declared"))
        }
        return EnforcementServer.json(document)
    }
}
