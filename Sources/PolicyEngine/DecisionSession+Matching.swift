import CEL
import Patterns
import PolicyBundle

/// What the index leaves open, checked by the words of the documents.
extension DecisionSession {
    // MARK: Permission

    /// Whether some role of the subject permits the action on the resource. Permissions without a condition come first: where one of them
    /// grants, no condition is evaluated.
    func isPermitted() -> Bool {
        guard let roles = request.pointee.roles else { return false }
        return isPermittedByGrants(roles) || isPermittedByResidual(roles, isConditional: false)
            || isPermittedByResidual(roles, isConditional: true)
    }

    /// The same by the bitmaps alone.
    @inline(__always)
    private func isPermittedByGrants(_ roles: UnsafePointer<UInt32>) -> Bool {
        let records = engine.records
        let (action, entry) = (request.pointee.actionNumber, request.pointee.entry)
        let grants = records.words(.grnt)
        let bits = records.doubleWords(.bits)
        let (word, bit) = (entry >> 6, UInt64(1) << UInt64(entry & 63))
        let actions = engine.index.actionCount + 1
        for number in 0..<request.pointee.roleCount {
            let bitmap = grants[Int(roles[number]) * actions + action]
            if bitmap != BundleFormat.none, bits[Int(bitmap) + word] & bit != 0 { return true }
        }
        return false
    }

    /// The same by the permissions that the bitmaps do not tell of.
    private func isPermittedByResidual(_ roles: UnsafePointer<UInt32>, isConditional: Bool) -> Bool {
        let records = engine.records
        let bits = records.doubleWords(.bits)
        let (action, entry) = (request.pointee.actionNumber, request.pointee.entry)
        let (actionBit, entryBit) = (UInt64(1) << UInt64(action & 63), UInt64(1) << UInt64(entry & 63))
        for number in 0..<request.pointee.roleCount {
            let role = records.record(.role, Int(roles[number]))
            let count = Int(role[RoleColumn.residualCount.rawValue])
            if count == 0 { continue }
            let list = records.words(.list) + Int(role[RoleColumn.residual.rawValue])
            for place in 0..<count {
                let permission = records.record(.perm, Int(list[place]))
                guard (permission[PermissionColumn.condition.rawValue] != BundleFormat.none) == isConditional,
                    bits[Int(permission[PermissionColumn.actionBits.rawValue]) + action >> 6] & actionBit != 0,
                    bits[Int(permission[PermissionColumn.entryBits.rawValue]) + entry >> 6] & entryBit != 0,
                    permission[PermissionColumn.isExact.rawValue] == 1 || covers(permission)
                else { continue }
                if holds(Int(list[place])) { return true }
            }
        }
        return false
    }

    /// Whether a permission without a condition grants.
    func isPermittedWithoutCondition() -> Bool {
        guard let roles = request.pointee.roles else { return false }
        return isPermittedByGrants(roles) || isPermittedByResidual(roles, isConditional: false)
    }

    /// Rows of the permissions that grant if their conditions hold.
    func conditionalPermissions() -> [Int] {
        let records = engine.records
        guard let roles = request.pointee.roles else { return [] }
        var found: [Int] = []
        for number in 0..<request.pointee.roleCount {
            for row in engine.bundle.records(.role, Int(roles[number]), RoleColumn.permissions)
            where records.word(.perm, row, PermissionColumn.condition) != BundleFormat.none && covers(records.record(.perm, row)) {
                found.append(row)
            }
        }
        return found
    }

    /// The same without the index.
    func isPermittedPlainly() -> Bool {
        let records = engine.records
        guard let roles = request.pointee.roles else { return false }
        for isConditional in [false, true] {
            for number in 0..<request.pointee.roleCount {
                for row in engine.bundle.records(.role, Int(roles[number]), RoleColumn.permissions) {
                    guard (records.word(.perm, row, PermissionColumn.condition) != BundleFormat.none) == isConditional,
                        covers(records.record(.perm, row))
                    else { continue }
                    if holds(row) { return true }
                }
            }
        }
        return false
    }

    func covers(_ permission: UnsafePointer<UInt32>) -> Bool {
        isAny(permission, PermissionColumn.actions.rawValue, request.pointee.action.bytes)
            && isAnyTyped(
                permission, PermissionColumn.resources.rawValue, request.pointee.resourceType.bytes, request.pointee.resourceID.bytes)
    }

    private func holds(_ permission: Int) -> Bool {
        let condition = engine.records.word(.perm, permission, PermissionColumn.condition)
        if condition == BundleFormat.none { return true }
        let outcome = evaluate(Int(condition), engine.bundle.conditions.runner(activation))
        if state.pointee.isTraced { scratch.pointee.trace?.note(permission: permission, outcome) }
        switch outcome {
        case .isTrue: return true
        case .isFalse: return false
        case .isError:
            hits.pointee.permissionErrors.append(permission)
            return false
        }
    }

    // MARK: Policies

    /// How many policies are about the request that was decoded last, whether their conditions hold or not.
    public func matchingPolicyCount() -> Int {
        guard request.pointee.refusal == .none else { return 0 }
        return (0..<engine.records.count(.poli)).count { matches($0) }
    }

    /// Whether the policy is about the request: all dimensions given match, and none of those of `not`.
    @inline(never)
    func matches(_ policy: Int) -> Bool { matches(policy, dimensions: 0..<8) }

    /// The same as far as the action and the resource tell, whoever asks.
    func mayMatchSomebody(_ policy: Int) -> Bool { matches(policy, dimensions: 0..<1) && matches(policy, dimensions: 4..<8) }

    @inline(__always)
    private func matches(_ policy: Int, dimensions: Range<Int>) -> Bool {
        let record = engine.records.record(.poli, policy)
        let (given, notGiven) = (record[PolicyColumn.given.rawValue], record[PolicyColumn.notGiven.rawValue])
        for dimension in dimensions {
            if given & (1 << UInt32(dimension)) != 0, !isMatched(record, dimension, PolicyColumn.actions.rawValue + dimension * 2) {
                return false
            }
            if notGiven & (1 << UInt32(dimension)) != 0, isMatched(record, dimension, PolicyColumn.notActions.rawValue + dimension * 2) {
                return false
            }
        }
        return true
    }

    private func isMatched(_ record: UnsafePointer<UInt32>, _ dimension: Int, _ column: Int) -> Bool {
        let records = engine.records
        let model = request.pointee.model
        switch dimension {
        case 0: return isAny(record, column, request.pointee.action.bytes)
        case 1:
            let name = records.text(Int(records.word(.subj, request.pointee.subject, SubjectColumn.name)))
            return isAnyTyped(record, column, request.pointee.subjectType.bytes, name)
        case 2: return intersects(record, column, request.pointee.teams, request.pointee.teamCount)
        case 3: return intersects(record, column, request.pointee.roles, request.pointee.roleCount)
        case 4: return isAnyTyped(record, column, request.pointee.resourceType.bytes, request.pointee.resourceID.bytes)
        case 5: return model >= 0 && list(record, column).contains(UInt32(truncatingIfNeeded: model))
        case 6: return model >= 0 && list(record, column).contains(records.word(.modl, model, ModelColumn.provider))
        default:
            guard model >= 0 else { return false }
            let tags = UnsafeBufferPointer(
                start: records.words(.list) + Int(records.word(.modl, model, ModelColumn.tags)),
                count: Int(records.word(.modl, model, ModelColumn.tagCount)))
            for tag in tags where isAny(record, column, records.text(Int(tag))) { return true }
            return false
        }
    }

    private func list(_ record: UnsafePointer<UInt32>, _ column: Int) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: engine.records.words(.list) + Int(record[column]), count: Int(record[column + 1]))
    }

    private func isAny(_ record: UnsafePointer<UInt32>, _ column: Int, _ text: UnsafeRawBufferPointer) -> Bool {
        for glob in list(record, column) where Self.isMatched(text, engine.records.text(Int(glob))) { return true }
        return false
    }

    private func isAnyTyped(
        _ record: UnsafePointer<UInt32>, _ column: Int, _ type: UnsafeRawBufferPointer, _ id: UnsafeRawBufferPointer
    ) -> Bool {
        let globs = list(record, column)
        for place in stride(from: 0, to: globs.count, by: 2)
        where Self.isMatched(type, engine.records.text(Int(globs[place]))) && Self.isMatched(id, engine.records.text(Int(globs[place + 1])))
        {
            return true
        }
        return false
    }

    private static func isMatched(_ text: UnsafeRawBufferPointer, _ glob: UnsafeRawBufferPointer) -> Bool {
        Glob.matches(text.assumingMemoryBound(to: UInt8.self), glob.assumingMemoryBound(to: UInt8.self))
    }

    /// Both are sorted.
    private func intersects(_ record: UnsafePointer<UInt32>, _ column: Int, _ rows: UnsafePointer<UInt32>?, _ count: Int) -> Bool {
        guard let rows else { return false }
        let list = list(record, column)
        var (i, j) = (0, 0)
        while i < list.count, j < count {
            if list[i] == rows[j] { return true }
            if list[i] < rows[j] { i += 1 } else { j += 1 }
        }
        return false
    }
}
