import Dispatch
import HTTPLoad

/// A server that answers every request with the same few bytes, until the process is stopped.
public enum FixedService {
    public static func run(loops: Int, started: (_ url: String) -> Void) throws(ControlError) {
        let server: FixedServer
        do {
            server = try Blocking.run { try await FixedServer(loops: loops, body: Array(#"{"decision":true}"#.utf8)) }
        } catch {
            throw ControlError(.internalError, "the server that does nothing cannot be started: \(error)")
        }
        started("http://127.0.0.1:\(server.port)")
        withExtendedLifetime(server) { DispatchSemaphore(value: 0).wait() }
    }
}
