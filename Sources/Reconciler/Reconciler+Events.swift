import JSON
import Postgres

/// Something that has happened, and whether somebody must be told.
public struct GovernanceEvent: Sendable, Equatable {
    public struct Alert: Sendable, Equatable {
        /// Alerts of one topic are one alert for a while.
        public var topic: String
        /// `reconcile` or `drift`, as `AlertRoute.sources` has them.
        public var source: String
        /// As a policy's.
        public var severity: String
        public var receivers: [Receiver]

        public init(topic: String, source: String, severity: String, receivers: [Receiver]) {
            self.topic = topic
            self.source = source
            self.severity = severity
            self.receivers = receivers
        }
    }

    /// An address that takes a POST.
    public struct Receiver: Sendable, Hashable {
        public var url: String
        /// The environment variable that holds the signing key; `*` for the operator's own receiver and key, `nil` where nothing is signed.
        public var secretVariable: String?

        public init(url: String, secretVariable: String?) {
            self.url = url
            self.secretVariable = secretVariable
        }
    }

    /// A UUID. Writing an event again changes nothing.
    public var id: String
    /// RFC 3339.
    public var at: String
    /// Whose event it is: see `InstanceReport`.
    public var instance: String
    public var isWarning: Bool
    /// One CamelCase word.
    public var reason: String
    public var message: String
    public var commit: String?
    public var details: JSONValue
    public var alert: Alert?

    public init(
        id: String, at: String, instance: String, isWarning: Bool, reason: String, message: String, commit: String?, details: JSONValue,
        alert: Alert?
    ) {
        self.id = id
        self.at = at
        self.instance = instance
        self.isWarning = isWarning
        self.reason = reason
        self.message = message
        self.commit = commit
        self.details = details
        self.alert = alert
    }
}

/// An alert that is to be sent to a receiver now.
public struct AlertDelivery: Sendable {
    public var event: GovernanceEvent
    /// How often an alert of the topic was raised meanwhile without being sent.
    public var repeats: Int
    public var receiver: GovernanceEvent.Receiver
    /// The first is 1.
    public var attempt: Int
}

/// An event as it is kept, and what became of its alert.
public struct KeptEvent: Sendable {
    public var event: GovernanceEvent
    public var severity: String?
    public var repeats: Int
    public var receivers: Int
    public var delivered: Int
    public var lastError: String?
}

extension Reconciler {
    /// Seconds within which alerts of one topic are one.
    static let quietSeconds = 600

    /// Writes events down, each once however often it is written, and puts their alerts into the outbox: all of them or none.
    public func record(_ events: [GovernanceEvent]) throws(ReconcilerError) {
        if events.isEmpty { return }
        try run { connection in
            try connection.transaction {
                try connection.script("SET LOCAL ROLE charter_reconciler")
                for event in events {
                    let added = try connection.execute(
                        SQLTemplates.fill(PackageResources.write_event_sql, [:]),
                        [
                            .text(event.id), .text(event.at), .text(event.instance), .text(event.isWarning ? "Warning" : "Normal"),
                            .text(event.reason), .text(event.message), PostgresValue(event.commit), .text(JSONWriter.text(event.details)),
                        ])
                    if added > 0, let alert = event.alert { try Self.raise(alert, event, connection) }
                }
            }
        }
    }

    private static func raise(_ alert: GovernanceEvent.Alert, _ event: GovernanceEvent, _ connection: PostgresConnection) throws {
        let repeated = try connection.execute(
            SQLTemplates.fill(PackageResources.repeat_alert_sql, [:]),
            [.text(alert.topic), .text(event.at), .int(Int64(quietSeconds))])
        if repeated > 0 { return }
        try connection.execute(
            SQLTemplates.fill(PackageResources.write_alert_sql, [:]),
            [.text(event.id), .text(alert.topic), .text(alert.source), .text(alert.severity), .text(event.at)])
        for receiver in Set(alert.receivers) {
            try connection.execute(
                SQLTemplates.fill(PackageResources.write_delivery_sql, [:]),
                [.text(event.id), .text(receiver.url), PostgresValue(receiver.secretVariable)])
        }
    }

    /// Takes alerts that are due to be sent. Each is due again, later each time, until it is said to be delivered.
    ///
    /// - Parameter receiver: the operator's own, if there is one.
    public func claimDeliveries(limit: Int, operatorReceiver receiver: String?) throws(ReconcilerError) -> [AlertDelivery] {
        try run { connection in
            try connection.transaction {
                try connection.script("SET LOCAL ROLE charter_reconciler")
                let rows = try connection.query(
                    SQLTemplates.fill(PackageResources.claim_deliveries_sql, [:]), [.int(Int64(limit)), PostgresValue(receiver)])
                return try rows.map { row in
                    let receiver = GovernanceEvent.Receiver(url: try row.text("receiver"), secretVariable: row["secret_env"])
                    let alert = GovernanceEvent.Alert(
                        topic: try row.text("topic"), source: try row.text("source"), severity: try row.text("severity"),
                        receivers: [receiver])
                    let event = GovernanceEvent(
                        id: try row.text("alert"), at: try row.text("at"), instance: try row.text("instance"), isWarning: true,
                        reason: try row.text("reason"), message: try row.text("message"), commit: row["commit_id"],
                        details: try JSONParser.parse(Array(try row.text("details").utf8)), alert: alert)
                    return AlertDelivery(
                        event: event, repeats: try row.int("repeats") ?? 0, receiver: receiver, attempt: try row.int("attempts") ?? 1)
                }
            }
        }
    }

    /// Says what came of a delivery.
    ///
    /// - Parameter failure: why it was not delivered; `nil` if it was.
    public func finish(_ delivery: AlertDelivery, failure: String?) throws(ReconcilerError) {
        try run { connection in
            try connection.transaction {
                try connection.script("SET LOCAL ROLE charter_reconciler")
                try connection.execute(
                    SQLTemplates.fill(PackageResources.finish_delivery_sql, [:]),
                    [
                        .text(delivery.event.id), .text(delivery.receiver.url), PostgresValue(failure), .int(Int64(delivery.attempt)),
                    ])
            }
        }
    }

    /// What has happened, the newest first.
    public func events(limit: Int, alertsOnly: Bool) throws(ReconcilerError) -> [KeptEvent] {
        try run { connection in
            let rows = try connection.query(
                SQLTemplates.fill(PackageResources.read_events_sql, [:]), [.int(Int64(limit)), .bool(alertsOnly)])
            return try rows.map { row in
                KeptEvent(
                    event: GovernanceEvent(
                        id: try row.text("id"), at: try row.text("at"), instance: try row.text("instance"),
                        isWarning: try row.text("type") == "Warning", reason: try row.text("reason"), message: try row.text("message"),
                        commit: row["commit_id"], details: try JSONParser.parse(Array(try row.text("details").utf8)), alert: nil),
                    severity: row["severity"], repeats: try row.int("repeats") ?? 0, receivers: try row.int("receivers") ?? 0,
                    delivered: try row.int("delivered") ?? 0, lastError: row["last_error"])
            }
        }
    }
}
