#include "store/inbox.h"

#include "store/chain.h"

#include <algorithm>

namespace kssedr::store {
namespace {

using ports::AcceptedMessage;

// Messages may weigh a megabyte each.
constexpr std::size_t listed_max = 100;

Result<std::int64_t> value_of(Transaction& in, std::string const& counter) {
    KSSEDR_TRY(auto const rows, in.run("SELECT value FROM counters WHERE name = $1", {counter}));
    return rows.empty() ? std::int64_t{0} : number_at(rows[0], 0);
}

Result<std::int64_t> put_one(Transaction& in, std::string const& source, std::string const& message,
                             InboxLimits const& limits) {
    auto const size = static_cast<std::int64_t>(message.size());
    KSSEDR_TRY(auto const messages, value_of(in, "inbox_messages"));
    KSSEDR_TRY(auto const bytes, value_of(in, "inbox_bytes"));
    if (messages >= limits.messages || bytes + size > limits.bytes)
        return fail(Errc::throttled, "the inbox is full: " + std::to_string(messages) +
                                         " messages wait to be handled; send again later");
    KSSEDR_TRY(auto const id, in.count("inbox_id", 1));
    KSSEDR_TRY_VOID(in.count("inbox_messages", 1));
    KSSEDR_TRY_VOID(in.count("inbox_bytes", size));
    KSSEDR_TRY_VOID(
        in.run("INSERT INTO inbox (id, source, message) VALUES ($1, $2, $3)", {id, fit_name(source), Blob{message}}));
    return id;
}

Result<bool> remove_all(Transaction& in, std::vector<std::int64_t> const& ids) {
    std::int64_t messages = 0;
    std::int64_t bytes = 0;
    for (auto const id : ids) {
        KSSEDR_TRY(auto const gone, in.run("DELETE FROM inbox WHERE id = $1 RETURNING length(message)", {id}));
        for (auto const& row : gone) ++messages, bytes += number_at(row, 0);
    }
    if (messages == 0) return false;
    KSSEDR_TRY_VOID(in.count("inbox_messages", -messages));
    KSSEDR_TRY_VOID(in.count("inbox_bytes", -bytes));
    return true;
}

}  // namespace

Async<std::int64_t> StoredInbox::put(std::string source, std::string message, SteadyPoint deadline) {
    std::move_only_function<Result<std::int64_t>(Transaction&)> job =
        [source = std::move(source), message = std::move(message), limits = limits_](Transaction& in) {
            return put_one(in, source, message, limits);
        };
    co_return co_await jobs_.write<std::int64_t>(std::move(job), deadline);
}

Async<std::vector<AcceptedMessage>> StoredInbox::list(std::int64_t after, std::size_t limit, SteadyPoint deadline) {
    using Messages = std::vector<AcceptedMessage>;
    auto const most = static_cast<std::int64_t>(std::min(limit, listed_max));
    std::move_only_function<Result<Messages>(Transaction&)> job = [after, most](Transaction& in) -> Result<Messages> {
        KSSEDR_TRY(auto const rows,
                   in.run("SELECT id, source, message FROM inbox WHERE id > $1 ORDER BY id LIMIT $2", {after, most}));
        Messages messages;
        for (auto const& row : rows) messages.push_back({number_at(row, 0), text_at(row, 1), bytes_at(row, 2)});
        return messages;
    };
    co_return co_await jobs_.read<Messages>(std::move(job), deadline);
}

Async<void> StoredInbox::remove(std::vector<std::int64_t> ids, SteadyPoint deadline) {
    std::move_only_function<Result<bool>(Transaction&)> job = [ids = std::move(ids)](Transaction& in) {
        return remove_all(in, ids);
    };
    KSSEDR_CO_TRY_VOID(co_await jobs_.write<bool>(std::move(job), deadline));
    co_return Result<void>{};
}

Async<std::uint64_t> StoredInbox::count(SteadyPoint deadline) {
    std::move_only_function<Result<std::uint64_t>(Transaction&)> job = [](Transaction& in) -> Result<std::uint64_t> {
        KSSEDR_TRY(auto const messages, value_of(in, "inbox_messages"));
        return static_cast<std::uint64_t>(messages);
    };
    co_return co_await jobs_.read<std::uint64_t>(std::move(job), deadline);
}

}  // namespace kssedr::store
