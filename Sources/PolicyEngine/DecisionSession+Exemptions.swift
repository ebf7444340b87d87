import PolicyBundle

/// Exemptions of the subject.
extension DecisionSession {
    /// Unexpired exemptions of the subject, by row: names are sorted, so that of several for one policy the first by name counts.
    ///
    /// - Parameter areExpiredOnesWanted: for what does not depend on the time.
    func findExemptions(areExpiredOnesWanted: Bool = false) {
        let records = engine.records
        scratch.pointee.exemptions.removeAll(keepingCapacity: true)
        func add(_ words: UnsafePointer<UInt32>, _ first: Int) {
            let list = records.words(.list) + Int(words[first])
            for number in 0..<Int(words[first + 1]) {
                let row = Int(list[number])
                let expires = engine.bundle.int64(.exem, row, ExemptionColumn.expiresLow)
                if areExpiredOnesWanted || expires > request.pointee.now / 1_000_000_000 { scratch.pointee.exemptions.append(row) }
            }
        }
        if let anchor = anchor(request.pointee.subject) { add(anchor, AnchorColumn.exemptions.rawValue) }
        for number in 0..<request.pointee.teamCount {
            guard let team = request.pointee.teams?[number] else { continue }
            add(records.record(.team, Int(team)), TeamColumn.exemptions.rawValue)
        }
        for number in 0..<request.pointee.roleCount {
            guard let role = request.pointee.roles?[number] else { continue }
            add(records.record(.role, Int(role)), RoleColumn.exemptions.rawValue)
        }
        scratch.pointee.exemptions.sort()
    }

    func isExempt(_ policy: UInt32) -> Bool {
        let records = engine.records
        for row in scratch.pointee.exemptions {
            let list = records.words(.list) + Int(records.word(.exem, row, ExemptionColumn.policies))
            let count = Int(records.word(.exem, row, ExemptionColumn.policyCount))
            guard UnsafeBufferPointer(start: list, count: count).contains(policy) else { continue }
            if !hits.pointee.exemptions.contains(row) { hits.pointee.exemptions.append(row) }
            return true
        }
        return false
    }
}
