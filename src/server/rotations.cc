#include "server/rotations.h"

#include <exception>

namespace kssedr::server {
namespace {

constexpr std::size_t under_way_max = 16;
constexpr std::size_t kept_max = 256;

std::string what_of(std::exception_ptr const& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (std::exception const& error) {
        return error.what();
    } catch (...) {
        return "not known";
    }
}

}  // namespace

Rotations::Rotations(asio::any_io_executor executor, RotateNow& rotate_now, Clock& clock, Log& log)
    : rotate_now_(rotate_now),
      clock_(clock),
      tasks_(std::move(executor), [&log](std::string const& child, auto thrown) {
          log.error("api.task_failed", {{"task", child}, {"fault", what_of(thrown)}});
      }) {}

std::optional<std::uint64_t> Rotations::begin(RotateRequest request) {
    if (tasks_.size() >= under_way_max) return std::nullopt;
    auto const entry = std::make_shared<Entry>();
    entry->url = request.secret.url();
    entry->asked_at = clock_.now();
    auto const number = ++last_;
    entries_.emplace(number, entry);
    // Those that have ended go first; there are never more than a few that have not.
    for (auto at = entries_.begin(); entries_.size() > kept_max && at != entries_.end();)
        at = at->second->outcome ? entries_.erase(at) : std::next(at);
    tasks_.spawn("rotation", run(entry, std::move(request)));
    return number;
}

std::shared_ptr<Rotations::Entry> Rotations::find(std::uint64_t number) const {
    auto const found = entries_.find(number);
    return found == entries_.end() ? nullptr : found->second;
}

Task<void> Rotations::run(std::shared_ptr<Entry> entry, RotateRequest request) {
    auto outcome = co_await rotate_now_.rotate(std::move(request));
    entry->outcome = std::move(outcome);
    entry->ended.open();
}

Task<void> Rotations::close() {
    tasks_.cancel();
    co_await tasks_.join();
}

}  // namespace kssedr::server
