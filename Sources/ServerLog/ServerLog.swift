import Glibc
import JSON
import Logging

/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    case json
    case text
}

/// The log of a server about itself: lines on standard error.
public struct ServerLog: Sendable {
    public let format: LogFormat
    public let level: Logger.Level
    private let writer: LineWriter
    private let mask: @Sendable (String) -> String

    /// - Parameters:
    ///   - level: of the least important lines that are written.
    ///   - mask: takes secrets out of texts.
    public init(_ format: LogFormat, level: Logger.Level, descriptor: Int32 = 2, mask: @escaping @Sendable (String) -> String) {
        self.format = format
        self.level = level
        self.mask = mask
        writer = LineWriter(descriptor) { count in
            let text = "\(count) line(s) are left out: they are not read as fast as they are written"
            return format == .text ? "! \(text)" : LogLine.json(level: .warning, logger: "charter.log", text, [])
        }
    }

    /// A logger of swift-log.
    public func logger(_ label: String, level: Logger.Level? = nil) -> Logger {
        var logger = Logger(label: label) { _ in Handler(log: self, label: label) }
        logger.logLevel = max(level ?? self.level, self.level)
        return logger
    }

    /// Writes a line.
    ///
    /// - Parameters:
    ///   - members: what is known beside the text, in JSON alone.
    ///   - sign: what a line of text begins with; by the level if not given.
    public func write(_ level: Logger.Level, logger: String, _ text: String, _ members: [(String, JSONValue)] = [], sign: String? = nil) {
        guard level >= self.level else { return }
        let text = mask(text)
        switch format {
        case .json: writer.write(LogLine.json(level: level, logger: logger, text, members))
        case .text: writer.write("\(sign ?? (level >= .warning ? "!" : "•")) \(text)")
        }
    }

    /// Writes an object as a line of its own, whatever the format and the level.
    public func write(record: [(String, JSONValue)], logger: String) {
        writer.write(LogLine.json(level: .info, logger: logger, nil, record))
    }

    /// Waits until what was logged is written.
    public func flush() { writer.flush() }

    private struct Handler: LogHandler {
        let log: ServerLog
        let label: String
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        var metadataProvider: Logger.MetadataProvider?

        init(log: ServerLog, label: String) {
            self.log = log
            self.label = label
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
            let members = all.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string(log.mask($0.value.description))) }
            let text =
                log.format == .text && !members.isEmpty
                ? "\(event.message): " + members.map { "\($0.0)=\($0.1.stringValue ?? "")" }.joined(separator: " ")
                : event.message.description
            log.write(event.level, logger: label, text, members)
        }
    }
}

/// Lines of JSON.
enum LogLine {
    static func json(level: Logger.Level, logger: String, _ text: String?, _ members: [(String, JSONValue)]) -> String {
        var object: JSONObject = ["time": .string(now()), "level": .string(level.rawValue), "logger": .string(logger)]
        if let text { object["message"] = .string(text) }
        for (name, value) in members where object[name] == nil { object[name] = value }
        return JSONWriter.text(.object(object))
    }

    /// RFC 3339 with milliseconds.
    private static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let date = "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let clock = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return "\(date)T\(clock).\(padded(time.tv_nsec / 1_000_000, 3))Z"
    }
}
