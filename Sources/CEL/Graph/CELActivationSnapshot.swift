/// The inputs that an activation held at some moment, to be put back later.
public struct CELActivationSnapshot: Sendable {
    var slots: [CELCell]
    var memory: [UInt8]
    var kept: [CELValue]
}

extension CELActivation {
    /// Copies the inputs. What is pointed to outside the activation (`CELGraphTable`) is not copied.
    public func snapshot() -> CELActivationSnapshot {
        CELActivationSnapshot(
            slots: Array(UnsafeBufferPointer(start: frame, count: slotCount)), memory: usedMemory, kept: keptValues)
    }

    /// Puts inputs back in the place of those that are there. Allocates nothing if as much has been held before.
    ///
    /// - Precondition: they come from an activation with as many slots.
    public func restore(_ snapshot: CELActivationSnapshot) {
        precondition(snapshot.slots.count == slotCount)
        reset()
        snapshot.slots.withUnsafeBufferPointer { if let base = $0.baseAddress { frame.update(from: base, count: slotCount) } }
        putBack(snapshot.memory, snapshot.kept)
    }
}
