#include "server/api.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "formats/outcome_json.h"
#include "server/answers.h"
#include "server/api_json.h"
#include "server/query.h"

#include <limits>

namespace kssedr::server {
namespace {

using namespace std::chrono_literals;

constexpr Duration store_limit = 15s;
// Whoever asked to rotate is told the outcome if it comes within this.
constexpr Duration rotate_patience = 10s;
// Longer than any time of doubt, as for `kssedr rotate`.
constexpr Duration rotate_limit = 15min;
constexpr std::uint64_t page_max = 500;
constexpr std::uint64_t page_usual = 100;
constexpr auto id_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

listen::Response answer_wrong(Error const& error) {
    return answer_error(400, "BadRequest", error.message(), "/api/openapi/v3.json describes the operation");
}

listen::Response answer_absent(std::string_view what) {
    return answer_error(404, "NotFound", "there is no such " + std::string(what),
                        "/api/v1/parked and /api/v1/history list what there is");
}

std::optional<std::int64_t> parse_id(std::string_view text) {
    auto const number = parse_number(text);
    if (!number || *number > id_max) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

Result<ports::HistoryQuery> parse_history_query(std::string_view text) {
    KSSEDR_TRY(auto const given,
               Query::parse(text, {"vault", "secret", "outcome", "since", "until", "before", "limit"}));
    ports::HistoryQuery query{
        .vault = to_ascii_lower(given.text("vault")), .secret = given.text("secret"), .outcome = given.text("outcome")};
    KSSEDR_TRY(query.since, given.time("since"));
    KSSEDR_TRY(query.until, given.time("until"));
    KSSEDR_TRY(query.before, given.number("before", 1, id_max));
    KSSEDR_TRY(auto const limit, given.number("limit", 1, page_max));
    query.limit = limit.value_or(page_usual);
    return query;
}

// The query of the page behind the one that ended with `before`.
std::string next_query(ports::HistoryQuery const& query, std::uint64_t before) {
    std::string next = "?limit=" + std::to_string(query.limit) + "&before=" + std::to_string(before);
    auto const add = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) next += '&' + std::string(name) + '=' + format_percent(value);
    };
    add("vault", query.vault);
    add("secret", query.secret);
    add("outcome", query.outcome);
    if (query.since) add("since", format_rfc3339(*query.since));
    if (query.until) add("until", format_rfc3339(*query.until));
    return next;
}

listen::Response answer_rotation(std::uint64_t number, Rotations::Entry const& entry) {
    if (entry.outcome) return answer(200, json_type, formats::format_outcome(*entry.outcome));
    auto const location = "/api/v1/rotations/" + std::to_string(number);
    auto response = answer(202, json_type, R"({"running":true,"location":")" + location + "\"}");
    response.headers.add("Location", location);
    add_retry_after(response, 5s);
    return response;
}

}  // namespace

SteadyPoint Api::store_deadline() const {
    return clock_.steady_now() + store_limit;
}

Task<listen::Response> Api::handle(Operation operation, std::string id, listen::Request const& request) {
    switch (operation) {
    case Operation::status: co_return co_await show_status();
    case Operation::history: co_return co_await show_history(request);
    case Operation::parked_list: co_return co_await list_parked(request);
    case Operation::parked_one: co_return co_await show_parked(std::move(id));
    case Operation::parked_requeue: co_return co_await requeue_parked(std::move(id));
    case Operation::parked_drop: co_return co_await drop_parked(std::move(id));
    case Operation::rotate: co_return co_await rotate(request);
    case Operation::rotation: co_return show_rotation(id);
    default: break;
    }
    co_return answer_absent("operation");
}

Task<listen::Response> Api::show_status() {
    auto const deadline = store_deadline();
    auto const inbox = co_await kept_.inbox.count(deadline);
    auto const parked = co_await kept_.parked.count(deadline);
    auto const count_of = [](Result<std::uint64_t> const& count) {
        return count ? std::optional(*count) : std::nullopt;
    };
    co_return answer(200, json_type,
                     format_status(status_.read(), version_, clock_.now(), count_of(inbox), count_of(parked)));
}

Task<listen::Response> Api::show_history(listen::Request const& request) {
    auto const query = parse_history_query(request.query());
    if (!query) co_return answer_wrong(query.error());
    auto const found = co_await kept_.history.find(*query, store_deadline());
    if (!found) co_return answer_unavailable(found.error());
    bool const may_have_more = found->size() == query->limit;
    co_return answer(200, json_type,
                     format_history(*found, may_have_more ? next_query(*query, found->back().number) : ""));
}

Task<listen::Response> Api::list_parked(listen::Request const& request) {
    auto const given = Query::parse(request.query(), {"after", "limit"});
    if (!given) co_return answer_wrong(given.error());
    auto const after = given->number("after", 0, id_max);
    auto const limit = given->number("limit", 1, page_max);
    if (!after || !limit) co_return answer_wrong(after ? limit.error() : after.error());
    auto const size = limit->value_or(page_usual);
    auto const from = static_cast<std::int64_t>(after->value_or(0));
    auto const found = co_await kept_.parked.list(from, size, store_deadline());
    if (!found) co_return answer_unavailable(found.error());
    std::string next;
    if (found->size() == size) next = "?limit=" + std::to_string(size) + "&after=" + std::to_string(found->back().id);
    co_return answer(200, json_type, format_parked_list(*found, next));
}

Task<listen::Response> Api::show_parked(std::string id) {
    auto const number = parse_id(id);
    if (!number) co_return answer_absent("entry");
    auto const found = co_await kept_.parked.find(*number, store_deadline());
    if (!found) co_return answer_unavailable(found.error());
    if (!*found) co_return answer_absent("entry");
    co_return answer(200, json_type, format_parked(**found));
}

Task<listen::Response> Api::requeue_parked(std::string id) {
    auto const number = parse_id(id);
    if (!number) co_return answer_absent("entry");
    auto const found = co_await kept_.parked.find(*number, store_deadline());
    if (!found) co_return answer_unavailable(found.error());
    if (!*found) co_return answer_absent("entry");
    auto const& entry = **found;
    if (entry.event.empty())
        co_return answer_error(409, "NoEvent", "the entry has no event, since a sweep made it",
                               "mend its cause, then POST /api/v1/rotate for its secret");
    if (!is_whole(entry))
        co_return answer_error(409, "NotWhole", "of the entry's event only the head is kept, for it was too large",
                               "have its sender send it again, or drop the entry");
    auto const message = co_await kept_.inbox.put("parked", entry.event, store_deadline());
    if (!message) co_return answer_unavailable(message.error());
    if (on_accepted_) on_accepted_();
    co_return answer(202, json_type, R"({"requeued":true})");
}

Task<listen::Response> Api::drop_parked(std::string id) {
    auto const number = parse_id(id);
    if (!number) co_return answer_absent("entry");
    auto const dropped = co_await kept_.parked.drop(*number, store_deadline());
    if (!dropped) co_return answer_unavailable(dropped.error());
    if (!*dropped) co_return answer_absent("entry");
    co_return answer(204, {}, {});
}

Task<listen::Response> Api::rotate(listen::Request const& request) {
    auto parsed = parse_rotate_request(request.body.expose(), vault_suffix_);
    if (!parsed) co_return answer_wrong(parsed.error());
    auto const now = clock_.steady_now();
    parsed->deadline = now + rotate_limit;
    auto const number = rotations_.begin(*std::move(parsed));
    if (!number) {
        auto response = answer_error(429, "TooMany", "sixteen rotations that were asked for are under way",
                                     "ask again when one has ended");
        add_retry_after(response, 10s);
        co_return response;
    }
    auto const entry = rotations_.find(*number);
    co_await entry->ended.wait(clock_, now + rotate_patience);
    co_return answer_rotation(*number, *entry);
}

listen::Response Api::show_rotation(std::string_view id) const {
    auto const number = parse_number(id);
    auto const entry = number ? rotations_.find(*number) : nullptr;
    if (entry) return answer_rotation(*number, *entry);
    return answer_error(404, "NotFound", "no rotation of this process has that number, or it was long ago",
                        "/api/v1/history has its outcome");
}

}  // namespace kssedr::server
