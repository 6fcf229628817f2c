/// Invocation: the envelope in which the Azure Functions host asks and is answered.
///
/// Source: the host's behaviour (Azure/azure-functions-host, `ScriptInvocationContextExtensions`);
/// docs/operations/functions-host.md tells its traps. A batch can weigh 140 MB, so a request is read in place: strings
/// are unescaped and base64 is decoded inside the body's own memory, and messages are views into it.

#pragma once

#include "base/error.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::formats {

struct RetryContext {
    int count = 0;
    int max = 0;  ///< negative: for ever
};

/// A delivery of events.
struct EventInvocation {
    /// One message an event of the hub, as its publisher sent it.
    std::vector<std::string_view> messages;
    std::string partition;              ///< empty where the host did not say
    std::optional<RetryContext> retry;  ///< nothing where no retry policy is set: then this is the only attempt

    [[nodiscard]] bool is_last_attempt() const { return !retry || (retry->max >= 0 && retry->count >= retry->max); }
};

/// Takes the binding's data in every encoding the host knows: a string that holds an array, or an array; elements
/// base64, text or JSON. `corrupt` where the envelope itself is none, or is nested deeper than 64.
[[nodiscard]] Result<EventInvocation> parse_event_invocation(std::span<char> body);

/// A call of an HTTP-triggered function in an envelope (the host's default, without request forwarding).
struct HttpInvocation {
    std::string method;
    std::string url;
};
[[nodiscard]] Result<HttpInvocation> parse_http_invocation(std::span<char> body);

/// `{"Outputs":{…},"Logs":[…],"ReturnValue":…}`. `return_value` is JSON; `poison` holds texts for the queue of that
/// name, left out where empty.
[[nodiscard]] std::string format_event_answer(std::span<std::string const> poison, std::span<std::string const> logs,
                                              std::string_view return_value);
/// An HTTP answer in an envelope, for the output binding `res`.
[[nodiscard]] std::string format_http_answer(unsigned status, std::string_view content_type, std::string_view body);

}  // namespace kssedr::formats
