extension DiagnosticCode {
    /// Of what `PolicyTest` documents say.
    var testingExplanation: DiagnosticExplanation {
        func test(_ subject: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: PolicyTest
                metadata: {name: access}
                spec:
                  fixtures:
                    subjects: {ada: "user:ada", nobody: "user:bob"}
                  cases:
                    - name: engineers may chat
                      request: {subject: ada, action: llm.chat, resource: model:openai/gpt-5.4}
                      expect: {decision: allow}
                    - name: strangers may not
                      request: {subject: \(subject), action: llm.chat, resource: model:openai/gpt-5.4}
                      expect: {decision: deny}
                """)
        }
        return DiagnosticExplanation(
            """
            A test names a piece of a request that no case refers to. It tests nothing, though it looks as if it did: a case was forgotten or removed, or
            another piece is used where this one was meant.
            """, wrong: test("user:bob"), right: test("nobody"))
    }
}
