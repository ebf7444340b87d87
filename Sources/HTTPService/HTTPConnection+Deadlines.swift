import NIOCore

/// What slow clients run into.
extension HTTPConnection {
    /// How long a client may take to close its side after ours.
    private static let lingerTime = TimeAmount.seconds(1)

    /// Looks at the deadline of the present phase.
    func sweep(_ now: NIODeadline) {
        guard let context else { return }
        let configuration = service.configuration
        if phase == .closing || !context.channel.isWritable {
            return sweepStall(now, unsent: (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
        }
        stall = nil
        let waited = now - phaseStart
        switch phase {
        // Nothing was asked, so there is nothing to answer.
        case .fresh where waited > configuration.headerTimeout: closeNow()
        case .idle where slots.isEmpty && waited > configuration.idleTimeout: closeNow()
        case .lingering where waited > Self.lingerTime: closeNow()
        case .head where slots.isEmpty && waited > configuration.headerTimeout:
            expire("the request head did not arrive in time")
        case .body where !isPaused && inbox.isEmpty && waited > configuration.bodyTimeout:
            expire("the request body did not arrive in time")
        default: break
        }
    }

    private func expire(_ detail: String) {
        arrival = phaseStart
        reject(Rejection(.requestTimeout, detail), head: arriving?.head)
        flush()
    }

    /// Cuts a client that takes none of what waits for it, however much it has asked for.
    private func sweepStall(_ now: NIODeadline, unsent: Int) {
        guard let last = stall, unsent >= last.bytes else {
            stall = (bytes: unsent, since: now)
            return
        }
        if now - last.since > service.configuration.idleTimeout { closeNow() }
    }
}
