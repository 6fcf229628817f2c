/// StorageQueue: a queue of a storage account.
///
/// Source: Microsoft Learn, "Queue service REST API": Get Messages, Update Message, Delete Message, Get Queue Metadata.

#pragma once

#include "azure/message_queue.h"
#include "azure/storage_client.h"

#include <string>
#include <string_view>

namespace kssedr::azure {

/// The messages in an answer to Get Messages, and of each the events in it (formats/wrapped_events.h). `corrupt` where
/// it is no such answer.
[[nodiscard]] Result<std::vector<QueuedMessage>> parse_queue_messages(std::string_view body);

class StorageQueue final : public MessageQueue {
public:
    /// `name`: 3 to 63 of a-z, 0-9 and hyphen.
    StorageQueue(StorageClient client, std::string name) : client_(std::move(client)), name_(std::move(name)) {}

    /// A queue that is not there is empty: the function app makes it with its first message.
    Async<std::vector<QueuedMessage>> receive(std::size_t at_most, SteadyPoint deadline) override;
    Async<void> renew(QueuedMessage& message, SteadyPoint deadline) override;
    Async<void> acknowledge(QueuedMessage const& message, SteadyPoint deadline) override;
    Async<void> give_back(QueuedMessage const& message, SteadyPoint deadline) override;
    Async<std::optional<std::uint64_t>> count(SteadyPoint deadline) override;

    [[nodiscard]] Duration renew_every() const override { return std::chrono::seconds{20}; }
    [[nodiscard]] Duration longest_pause() const override { return std::chrono::seconds{30}; }

private:
    Async<http::Response> set_visible_after(QueuedMessage const& message, Duration span, SteadyPoint deadline);
    /// Of an answer that is no success.
    [[nodiscard]] Error to_error(http::Response const& answer, std::string_view doing) const;
    [[nodiscard]] std::string path_of(QueuedMessage const& message) const;

    StorageClient client_;
    std::string name_;
};

}  // namespace kssedr::azure
