import JSON

/// Requests for the example organisation.
package enum Requests {
    package static func chat(
        _ subject: String = "ada", model: String = "openai/gpt-5.4-mini", input: JSONValue = 1200, output: JSONValue = 800
    )
        -> JSONValue
    {
        [
            "subject": ["type": "user", "id": .string(subject)], "action": ["name": "llm.chat"],
            "resource": ["type": "model", "id": .string(model)],
            "context": ["inputTokens": input, "maxOutputTokens": output, "dataClassification": "internal"],
        ]
    }

    /// Everyday work, allowed.
    package static let everyday = chat()
    /// Eighty cents, denied by `costly-requests-need-approval` until its limit is raised.
    package static let costly = chat(model: "openai/gpt-6-astra", input: 40_000, output: 8000)
}
