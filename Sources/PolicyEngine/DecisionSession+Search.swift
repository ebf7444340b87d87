import JSON
import PolicyBundle

/// Beyond yes and no: who may, what may be done, and with which resources.
extension DecisionSession {
    /// Everything that may stand in the open place of a search, in the bundle's order: exactly what deciding each candidate alone would allow.
    ///
    /// Subjects are those of the bundle that are not disabled, resources its models, actions those that some document names; what a glob such
    /// as `*` permits beyond these has no end. The ids of resources of declared types come with requests alone, so that they cannot be listed.
    ///
    /// - Parameter now: nanoseconds since 1970-01-01T00:00:00Z. Pages that are asked for at different times are decided at those.
    /// - Throws: `RequestError` if the request with a candidate in its open place is none, if the token is not from this search on this
    ///   bundle, or if resources are asked for that cannot be listed.
    public func search(_ search: SearchRequest, now: Int64) throws(RequestError) -> SearchPage {
        var page = SearchPage()
        let text = OutputBuffer()
        guard let universe = universe(search) else {
            _ = try SearchToken(search, digest: engine.digest, rowCount: 0)
            try decode(search, Self.anyName, text, now: now)
            if search.kind == .resource { try refuseToList(search) }
            page.refusal = refusalOfTheRest(search.kind)
            return page
        }
        let count = engine.records.count(universe.section)
        var row = try SearchToken(search, digest: engine.digest, rowCount: count).row
        guard try isAnswerable(search, universe, text, now: now) else {
            page.refusal = refusalOfTheRest(search.kind)
            return page
        }
        let candidates = narrowed(universe, search.kind)
        while row < count {
            if candidates.isCandidate(row), let name = name(row, candidates) {
                if page.decisionCount == search.decisionLimit {
                    page.nextToken = SearchToken.text(row: row, search, digest: engine.digest)
                    break
                }
                try decode(search, name, text, now: now)
                page.decisionCount += 1
                if decide() {
                    // Another result is there, so that a token always leads to a page that is not empty.
                    if page.results.count == search.limit {
                        page.nextToken = SearchToken.text(row: row, search, digest: engine.digest)
                        break
                    }
                    page.results.append(.init(type: search.type, id: String(decoding: name, as: UTF8.self)))
                }
            }
            row += 1
        }
        return page
    }

    /// Stands in the open place where there is no candidate.
    private static let anyName: StaticString = "-"

    /// Decodes the request with the first candidate that it makes sense with: what is wrong with the rest is then found, whether or not
    /// there is anything to be decided. False if the rest refuses every candidate.
    private func isAnswerable(
        _ search: SearchRequest, _ universe: SearchCandidates, _ text: OutputBuffer, now: Int64
    ) throws(RequestError) -> Bool {
        for row in 0..<engine.records.count(universe.section) {
            guard universe.isCandidate(row), let name = name(row, universe) else { continue }
            try decode(search, name, text, now: now)
            switch request.pointee.refusal {
            case .none: return true
            // Another action may be one of the resource's.
            case .unknownAction where search.kind == .action: continue
            default: return false
            }
        }
        try decode(search, Self.anyName, text, now: now)
        return false
    }

    /// Why the request that was decoded last is refused, unless that is for what stands in the open place.
    private func refusalOfTheRest(_ kind: SearchKind) -> Decision.Reason? {
        switch (kind, request.pointee.refusal) {
        case (_, .none), (.subject, .unknownSubject), (.subject, .subjectDisabled), (.action, .unknownAction): nil
        default: refusal()
        }
    }

    /// Resources of a declared type: if nothing can be permitted there are none; if something can, nobody but the caller knows their ids.
    private func refuseToList(_ search: SearchRequest) throws(RequestError) {
        guard request.pointee.refusal == .none else { return }
        let roles = UnsafeBufferPointer(start: request.pointee.roles, count: request.pointee.roleCount)
        let (action, entry) = (request.pointee.actionNumber, request.pointee.entry)
        guard roles.contains(where: { mayPermit(Int($0), action: action, entry: entry) }) else { return }
        throw RequestError(
            "/resource/type",
            "is `\(search.type ?? "")`: resources of this type cannot be listed, as their ids come with requests alone; ask about each for a decision"
        )
    }

    // MARK: Candidates

    /// The name of a row; nil for one that no request can bring.
    private func name(_ row: Int, _ candidates: SearchCandidates) -> UnsafeRawBufferPointer? {
        let name = engine.records.text(Int(engine.records.record(candidates.section, row)[candidates.nameColumn]))
        return (1...1024).contains(name.count) ? name : nil
    }

    private func decode(
        _ search: SearchRequest, _ name: StaticString, _ text: OutputBuffer, now: Int64
    ) throws(RequestError) {
        try decode(
            search, UnsafeRawBufferPointer(start: UnsafeRawPointer(name.utf8Start), count: name.utf8CodeUnitCount), text, now: now)
    }

    /// Puts a candidate's name into the open place. That it goes through the text of a request makes sure that a search sees exactly what a
    /// decision would.
    private func decode(
        _ search: SearchRequest, _ name: UnsafeRawBufferPointer, _ text: OutputBuffer, now: Int64
    ) throws(RequestError) {
        text.reset()
        search.head.withUnsafeBytes { text.write($0) }
        text.writeEscaped(name)
        search.tail.withUnsafeBytes { text.write($0) }
        try decode(text.written, now: now)
    }
}

extension PolicyEngine {
    /// Searches with a session made for this one search.
    public func search(_ request: SearchRequest, now: Int64) throws(RequestError) -> SearchPage {
        try DecisionSession(self).search(request, now: now)
    }
}
