/// Events that something stands around: in a queue's message, in a notice of the poison queue, in what a subscription
/// was asked for.

#pragma once

#include <string>

namespace kssedr::formats {

/// The events themselves, as decode_events takes them. Of base64, as the Functions host and Event Grid write messages
/// of storage queues, what it decodes to; of a notice (format_poison_message) its `event`, or its `head` where it has
/// none; of an answer of Event Grid's pull delivery the `event` of each of its `value`, as an array. Anything else is
/// given back as it is. Total.
[[nodiscard]] std::string unwrap_events(std::string message);

}  // namespace kssedr::formats
