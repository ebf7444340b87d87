import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A TCP client that writes bytes and gathers what comes back.
final class RawClient: Sendable {
    struct Timeout: Error, CustomStringConvertible {
        var description: String
    }

    /// A response as it came over the wire.
    struct Response {
        var status: Int
        var fields: [(name: String, value: String)]
        var body: String

        func field(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    private final class Received: Sendable {
        let state = Mutex<(bytes: [UInt8], isClosed: Bool)>((bytes: [], isClosed: false))
    }

    private final class Gatherer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: Received

        init(_ received: Received) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Self.unwrapInboundIn(data)
            received.state.withLock { $0.bytes.append(contentsOf: bytes.readableBytesView) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed? = event as? ChannelEvent { received.state.withLock { $0.isClosed = true } }
        }

        func channelInactive(context: ChannelHandlerContext) {
            received.state.withLock { $0.isClosed = true }
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    private final class Speaker: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let saying: String
        private let dripping: String
        private var drip: RepeatedTask?

        init(saying: String, dripping: String) {
            self.saying = saying
            self.dripping = dripping
        }

        func channelActive(context: ChannelHandlerContext) {
            let channel = context.channel
            if !saying.isEmpty { channel.writeAndFlush(ByteBuffer(string: saying), promise: nil) }
            guard !dripping.isEmpty else { return }
            drip = context.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { [dripping] _ in
                channel.writeAndFlush(ByteBuffer(string: dripping), promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            drip?.cancel()
            context.fireChannelInactive()
        }
    }

    private let channel: any Channel
    private let received: Received

    private init(channel: any Channel, received: Received) {
        self.channel = channel
        self.received = received
    }

    /// - Parameters:
    ///   - tls: for a connection that is encrypted.
    ///   - saying: sent as soon as there is a connection, by the loop that has it, so that no deadline runs out while a task waits for its turn.
    ///   - dripping: sent every 100 ms after that.
    static func connect(
        port: Int, autoRead: Bool = true, tls: NIOSSLContext? = nil, saying: String = "", dripping: String = ""
    ) async throws -> RawClient {
        let received = Received()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: autoRead)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(Gatherer(received))
                    try channel.pipeline.syncOperations.addHandler(Speaker(saying: saying, dripping: dripping))
                }
            }
            .connectTimeout(.minutes(5))
            .connect(to: SocketAddress(ipAddress: "127.0.0.1", port: port)).get()
        return RawClient(channel: channel, received: received)
    }

    /// The first answer, of a connection that the server has not closed for saying nothing, as it may where this process gets no turn.
    static func answered(
        _ connect: () async throws -> RawClient
    ) async throws -> (client: RawClient, response: Response) {
        for _ in 0..<20 {
            let client = try await connect()
            if let response = try? await client.response() { return (client, response) }
            await client.close()
        }
        throw Timeout(description: "closed without a word each time")
    }

    /// Writes without waiting for the bytes to leave, which a server that stops reading may never let them.
    func send(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func endOutput() async throws {
        try await channel.close(mode: .output).get()
    }

    func close() async {
        try? await channel.close()
    }

    var bytes: [UInt8] { received.state.withLock { $0.bytes } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var isClosed: Bool { received.state.withLock { $0.isClosed } }

    /// Waits for the server to close its side.
    func untilClosed() async throws {
        try await waitUntil("the server closes the connection, after `\(text)`") { self.isClosed }
    }

    /// Waits for `count` whole responses and takes them.
    func responses(_ count: Int, headOnly: Bool = false) async throws -> [Response] {
        var taken: [Response] = []
        var parsed = 0
        try await waitUntil("\(count) responses") {
            // First: what came before the end is among the bytes then.
            let isClosed = self.isClosed
            let bytes = self.bytes
            while taken.count < count, let (response, end) = Self.parse(bytes[parsed...], headOnly: headOnly) {
                taken.append(response)
                parsed = end
            }
            if taken.count < count, isClosed { throw Timeout(description: "closed after \(taken.count) responses: \(self.text)") }
            return taken.count == count
        }
        received.state.withLock { $0.bytes.removeFirst(parsed) }
        return taken
    }

    func response(headOnly: Bool = false) async throws -> Response {
        try await responses(1, headOnly: headOnly)[0]
    }

    /// Sends and takes one response.
    func exchange(_ text: String, headOnly: Bool = false) async throws -> Response {
        send(text)
        return try await response(headOnly: headOnly)
    }

    private static func parse(_ bytes: ArraySlice<UInt8>, headOnly: Bool) -> (Response, Int)? {
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first, let status = first.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        let length = headOnly ? 0 : fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard bytes.endIndex >= end + 4 + length else { return nil }
        let body = String(decoding: bytes[(end + 4)..<(end + 4 + length)], as: UTF8.self)
        return (Response(status: status, fields: fields, body: body), end + 4 + length)
    }
}

/// Polls until `condition` holds, for at most ten minutes.
func waitUntil(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(600)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw RawClient.Timeout(description: "gave up waiting until \(what)") }
        try await Task.sleep(for: .milliseconds(2))
    }
}
