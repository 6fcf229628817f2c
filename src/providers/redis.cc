#include "providers/redis.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "providers/redis_wire.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

namespace kssedr::providers {
namespace {

using ports::Trial;
using ports::TrialResult;

SecretString command(std::initializer_list<std::string_view> words) {
    return format_redis_command({words.begin(), words.size()});
}

// How what was set is kept over a restart.
enum class Keeping : std::uint8_t { in_acl_file, in_config_file, not_at_all };

/// What a call does, step by step; `is_sent` says whether the server has been told to change something.
class Session {
public:
    Session(asio::any_io_executor executor, Libhiredis const& library, DatabaseAddress at)
        : at_(std::move(at)), wire_(std::move(executor), library) {}

    Async<void> set_password(SignIn admin, NewPassword wanted);
    Async<TrialResult> try_login(SignIn who);

    [[nodiscard]] bool is_sent() const { return is_sent_; }

private:
    Async<Keeping> find_keeping(std::string grant);
    Async<void> keep(Keeping keeping, std::string doing);
    /// Without effect: where no answer came nothing was done.
    Async<RedisReply> look(SecretString what);

    DatabaseAddress at_;
    RedisWire wire_;
    bool is_sent_ = false;
};

Async<RedisReply> Session::look(SecretString what) {
    auto reply = co_await wire_.ask(std::move(what));
    if (!reply) co_return fail(Errc::unavailable, at_.text() + ": " + reply.error().message());
    co_return reply;
}

Async<TrialResult> Session::try_login(SignIn who) {
    KSSEDR_CO_TRY_VOID(co_await wire_.open(at_));
    KSSEDR_CO_TRY(auto const reply, co_await look(command({"AUTH", who.login, who.password.expose()})));
    if (!reply.is_error()) co_return TrialResult{Trial::accepted, {}};
    co_return judge_redis_refusal(reply.error());
}

// Tried before anything is changed: who may not have it kept may not have it set.
Async<Keeping> Session::find_keeping(std::string grant) {
    KSSEDR_CO_TRY(auto const saved, co_await look(command({"ACL", "SAVE"})));
    if (!saved.is_error()) co_return Keeping::in_acl_file;
    if (saved.error().starts_with("NOPERM")) co_return fail(to_redis_error(saved.error(), grant));
    KSSEDR_CO_TRY(auto const rewritten, co_await look(command({"CONFIG", "REWRITE"})));
    if (!rewritten.is_error()) co_return Keeping::in_config_file;
    if (rewritten.error().starts_with("NOPERM")) co_return fail(to_redis_error(rewritten.error(), grant));
    co_return Keeping::not_at_all;
}

Async<void> Session::keep(Keeping keeping, std::string doing) {
    if (keeping == Keeping::not_at_all) co_return Result<void>();
    auto what = keeping == Keeping::in_acl_file ? command({"ACL", "SAVE"}) : command({"CONFIG", "REWRITE"});
    doing += ": it is set, and may be lost by a restart";
    auto const kept = co_await wire_.ask(std::move(what));
    if (!kept) co_return fail(Error(kept.error()).during(doing));
    if (kept->is_error()) co_return fail(Errc::outcome_unknown, doing + ": " + kept->error());
    co_return Result<void>();
}

Async<void> Session::set_password(SignIn admin, NewPassword wanted) {
    KSSEDR_CO_TRY_VOID(co_await wire_.open(at_));
    KSSEDR_CO_TRY(auto const entered, co_await look(command({"AUTH", admin.login, admin.password.expose()})));
    if (entered.is_error()) {
        bool const is_refused = judge_redis_refusal(entered.error()).trial == Trial::rejected;
        co_return fail(is_refused ? Errc::permission_denied : Errc::unavailable,
                       at_.text() + ", signing in as " + admin.login + ": " + entered.error());
    }
    auto const grant = "ACL SETUSER " + admin.login + " +acl|getuser +acl|setuser +acl|save +config|rewrite";
    auto const doing = at_.text() + ", setting the password of " + wanted.login;
    // ACL SETUSER would make a user that is not there.
    KSSEDR_CO_TRY(auto const user, co_await look(command({"ACL", "GETUSER", wanted.login})));
    if (user.is_error()) co_return fail(to_redis_error(user.error(), grant).during(doing));
    if (user.is_nothing()) co_return fail(Errc::not_found, doing + ": there is no such user");
    auto const keeping = co_await find_keeping(grant);
    if (!keeping) co_return fail(Error(keeping.error()).during(doing));

    auto const mark_of = [](std::string_view hash) {
        auto mark = SecretString::copy_of("#");
        mark.append(hash);
        return mark;
    };
    auto const hash = format_hex(sha256(wanted.password.expose()));
    auto const mark = mark_of(hash);
    std::vector<std::string_view> words{"ACL", "SETUSER", wanted.login, "resetpass"};
    auto const former = user.last_of("passwords");
    auto const former_mark = mark_of(former);
    if (wanted.former == Former::kept && !former.empty()) words.push_back(former_mark.expose());
    words.push_back(mark.expose());
    is_sent_ = true;
    // Set again it would push out the one that is to be kept.
    bool const is_set_already = wanted.former == Former::kept && former == hash;
    if (is_set_already) co_return co_await keep(*keeping, doing);
    auto const set = co_await wire_.ask(format_redis_command(words));
    if (!set) co_return fail(Error(set.error()).during(doing));
    if (set->is_error()) co_return fail(to_redis_error(set->error(), grant).during(doing));
    co_return co_await keep(*keeping, doing);
}

}  // namespace

struct Redis::Library {
    LazyLibrary<Libhiredis> hiredis;
};

Redis::Redis(Clock& clock) : clock_(clock), library_(std::make_unique<Library>()) {}
Redis::~Redis() = default;

Async<void> Redis::set_password(DatabaseAddress at, SignIn admin, NewPassword wanted, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    KSSEDR_CO_TRY(auto const* library, library_->hiredis.get());
    auto const where = at.text();
    auto const executor = co_await asio::this_coro::executor;
    Session session(executor, *library, std::move(at));
    auto ended = co_await (session.set_password(std::move(admin), std::move(wanted)) || clock_.sleep_until(deadline));
    if (ended.index() == 0) co_return std::get<0>(std::move(ended));
    auto const code = session.is_sent() ? Errc::outcome_unknown : Errc::deadline_exceeded;
    co_return fail(code, where + " did not answer in time");
}

Task<TrialResult> Redis::try_login(DatabaseAddress at, SignIn who, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    auto const library = library_->hiredis.get();
    if (!library) co_return TrialResult{Trial::inconclusive, library.error().message()};
    auto const executor = co_await asio::this_coro::executor;
    Session session(executor, **library, std::move(at));
    auto ended = co_await (session.try_login(std::move(who)) || clock_.sleep_until(deadline));
    if (ended.index() != 0) co_return TrialResult{Trial::inconclusive, "it did not answer in time"};
    auto told = std::get<0>(std::move(ended));
    if (!told) co_return TrialResult{Trial::inconclusive, told.error().message()};
    co_return *std::move(told);
}

SecretString format_redis_command(std::span<std::string_view const> words) {
    auto text = SecretString::copy_of("*" + std::to_string(words.size()) + "\r\n");
    for (auto const word : words) {
        text.append("$" + std::to_string(word.size()) + "\r\n");
        text.append(word);
        text.append("\r\n");
    }
    return text;
}

TrialResult judge_redis_refusal(std::string_view error) {
    return {error.starts_with("WRONGPASS") ? Trial::rejected : Trial::inconclusive, std::string(error)};
}

Error to_redis_error(std::string_view error, std::string_view grant) {
    auto const word = error.substr(0, error.find(' '));
    if (word == "NOPERM")
        return Error(Errc::permission_denied, std::string(error) + "; let somebody who may run: " + std::string(grant))
            .with_service_code(std::string(word));
    constexpr std::array<std::string_view, 7> passing = {"LOADING", "BUSY",     "MASTERDOWN", "OOM",
                                                         "MISCONF", "READONLY", "CLUSTERDOWN"};
    bool const passes = std::ranges::find(passing, word) != passing.end();
    return Error(passes ? Errc::unavailable : Errc::invalid_argument, std::string(error))
        .with_service_code(std::string(word));
}

}  // namespace kssedr::providers
