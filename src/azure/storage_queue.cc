#include "azure/storage_queue.h"

#include "azure/storage_error.h"
#include "azure/xml.h"
#include "base/encoding.h"
#include "formats/wrapped_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace kssedr::azure {
namespace {

constexpr std::size_t messages_max = 32;                   // the service gives no more
constexpr std::size_t answer_max = std::size_t{4} << 20U;  // 32 of 64 KB, as XML may write them
// Two renewals may fail before another has it.
constexpr Duration locked_for = std::chrono::seconds{60};

}  // namespace

Result<std::vector<QueuedMessage>> parse_queue_messages(std::string_view body) {
    KSSEDR_TRY(auto const root, parse_xml(body));
    if (root.name != "QueueMessagesList") return fail(Errc::corrupt, "the answer is no list of a queue's messages");
    std::vector<QueuedMessage> messages;
    for (auto const& element : root.children) {
        if (element.name != "QueueMessage") continue;
        QueuedMessage message{formats::unwrap_events(std::string(element.text_of("MessageText"))),
                              std::string(element.text_of("MessageId")), std::string(element.text_of("PopReceipt"))};
        if (message.id.empty() || message.receipt.empty())
            return fail(Errc::corrupt, "a message in the answer has no MessageId or no PopReceipt");
        messages.push_back(std::move(message));
    }
    return messages;
}

std::string StorageQueue::path_of(QueuedMessage const& message) const {
    return '/' + name_ + "/messages/" + format_percent(message.id);
}

Error StorageQueue::to_error(http::Response const& answer, std::string_view doing) const {
    auto error = to_storage_error(answer, fmt::format("{} {} of {}", doing, name_, client_.access().endpoint),
                                  client_.access(), "[[source]]");
    // 400 PopReceiptMismatch: another had it since.
    bool const is_not_ours = answer.status == 404 || error.service_code() == "PopReceiptMismatch";
    return is_not_ours ? Error(Errc::not_found, error.message()) : error;
}

Async<std::vector<QueuedMessage>> StorageQueue::receive(std::size_t at_most, SteadyPoint deadline) {
    StorageCall call{.path = '/' + name_ + "/messages", .response_limit = answer_max};
    call.query = fmt::format("numofmessages={}&visibilitytimeout={}", std::min(at_most, messages_max),
                             locked_for / std::chrono::seconds{1});
    KSSEDR_CO_TRY(auto const answer, co_await client_.send(std::move(call), deadline));
    if (answer.status == 404 && answer.header("x-ms-error-code") == "QueueNotFound")
        co_return std::vector<QueuedMessage>();
    if (answer.status != 200) co_return fail(to_error(answer, "reading messages of the queue"));
    co_return parse_queue_messages(answer.body.expose());
}

Async<http::Response> StorageQueue::set_visible_after(QueuedMessage const& message, Duration span,
                                                      SteadyPoint deadline) {
    StorageCall call{.method = http::Method::put, .path = path_of(message)};
    call.query = fmt::format("popreceipt={}&visibilitytimeout={}", format_percent(message.receipt),
                             span / std::chrono::seconds{1});
    return client_.send(std::move(call), deadline);
}

Async<void> StorageQueue::renew(QueuedMessage& message, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const answer, co_await set_visible_after(message, locked_for, deadline));
    if (answer.status != 204) co_return fail(to_error(answer, "keeping a message of the queue"));
    if (auto const receipt = answer.header("x-ms-popreceipt"); !receipt.empty()) message.receipt = receipt;
    co_return Result<void>();
}

Async<void> StorageQueue::acknowledge(QueuedMessage const& message, SteadyPoint deadline) {
    StorageCall call{.method = http::Method::del, .path = path_of(message)};
    call.query = "popreceipt=" + format_percent(message.receipt);
    KSSEDR_CO_TRY(auto const answer, co_await client_.send(std::move(call), deadline));
    if (answer.status != 204) co_return fail(to_error(answer, "deleting a message of the queue"));
    co_return Result<void>();
}

Async<void> StorageQueue::give_back(QueuedMessage const& message, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const answer, co_await set_visible_after(message, Duration{}, deadline));
    if (answer.status != 204) co_return fail(to_error(answer, "giving back a message of the queue"));
    co_return Result<void>();
}

Async<std::optional<std::uint64_t>> StorageQueue::count(SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const answer, co_await client_.send({.path = '/' + name_, .query = "comp=metadata"}, deadline));
    auto const text = answer.header("x-ms-approximate-messages-count");
    std::uint64_t counted = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), counted);
    if (answer.status != 200 || text.empty() || error != std::errc() || end != text.data() + text.size())
        co_return std::optional<std::uint64_t>();
    co_return counted;
}

}  // namespace kssedr::azure
