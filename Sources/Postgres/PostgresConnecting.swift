import CLibPQ
import Glibc

/// Opens connections.
///
/// Step by step rather than with `PQconnectdb`, for two things that gives not: a timeout in less than two seconds, and the SQLSTATE of a
/// refusal.
enum PostgresConnecting {
    static func connect(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpaquePointer {
        try configuration.validate()
        guard let connection = start(configuration) else { throw PostgresError(.connection, "out of memory") }
        do throws(PostgresError) {
            guard PQstatus(connection) != CONNECTION_BAD else { throw PostgresErrorReading.connectError(on: connection) }
            // libpq prints notices on stderr unless told otherwise.
            PQsetNoticeProcessor(connection, { _, _ in }, nil)
            PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
            try finish(connection, within: configuration.connectTimeout)
            PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
            return connection
        } catch {
            PQfinish(connection)
            throw error
        }
    }

    private static func start(_ configuration: PostgresConfiguration) -> OpaquePointer? {
        var parameters = configuration.parameters
        parameters["client_encoding"] = "UTF8"
        parameters["application_name"] = configuration.applicationName
        parameters["fallback_application_name"] = "charter"
        // A server that vanishes without a word is missed after a minute, unless the string says otherwise.
        for (keyword, value) in [
            "keepalives_idle": "20", "keepalives_interval": "10", "keepalives_count": "4", "tcp_user_timeout": "60000",
        ]
        where parameters[keyword] == nil {
            parameters[keyword] = value
        }
        // One run of keyword, NUL, value, NUL, …, so that a single buffer keeps every pointer alive.
        var bytes: [CChar] = []
        var offsets: [(keyword: Int, value: Int)] = []
        for (keyword, value) in parameters {
            let keywordOffset = bytes.count
            bytes.append(contentsOf: keyword.utf8CString)
            offsets.append((keywordOffset, bytes.count))
            bytes.append(contentsOf: value.utf8CString)
        }
        return bytes.withUnsafeBufferPointer { buffer in
            let keywords = offsets.map { buffer.baseAddress?.advanced(by: $0.keyword) } + [nil]
            let values = offsets.map { buffer.baseAddress?.advanced(by: $0.value) } + [nil]
            return PQconnectStartParams(keywords, values, 0)
        }
    }

    private static func finish(_ connection: OpaquePointer, within timeout: Duration) throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        // PQconnectPoll's contract: the first wait is for writing.
        var awaited = Int16(POLLOUT)
        while true {
            guard PostgresSocket.wait(for: awaited, on: connection, until: deadline) else {
                throw PostgresError(.connection, "no connection within \(timeout)")
            }
            switch PQconnectPoll(connection) {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: awaited = Int16(POLLIN)
            case PGRES_POLLING_WRITING: awaited = Int16(POLLOUT)
            default: throw PostgresErrorReading.connectError(on: connection)
            }
        }
    }
}

/// Waiting on a connection's socket.
enum PostgresSocket {
    /// Whether the socket became ready for `events` (or failed, which the next call on it tells) before `deadline`.
    static func wait(for events: Int16, on connection: OpaquePointer, until deadline: ContinuousClock.Instant) -> Bool {
        var descriptor = pollfd(fd: PQsocket(connection), events: events, revents: 0)
        guard descriptor.fd >= 0 else { return true }
        while true {
            let ready = poll(&descriptor, 1, (deadline - .now).wholeMilliseconds)
            if ready >= 0 { return ready > 0 }
            guard errno == EINTR else { return true }
        }
    }
}
