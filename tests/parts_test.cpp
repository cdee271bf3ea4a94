// A search in parts: the same bits whoever works on which part, in whatever order, and however often.
#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "search/found_part.hpp"

using namespace lanewise;
using Catch::Matchers::StartsWith;
using test::bits_of;

namespace {

const Box box{{"x", -5.12, 5.12}, {"y", -5.12, 5.12}};
const Expression rastrigin("20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)", box);
const Options base{.starts = 600, .seed = 3, .iterations = 100, .parts = 5, .start_ids = true, .threads = 1};

/// The states of a part: the last is what it found.
std::vector<std::string> states_of(const Objective& objective, const Box& of, Options options,
                                   std::size_t part, const std::string& handed = {}) {
    std::vector<std::string> states;
    options.part = part;
    options.handed = handed;
    options.checkpoint_every = 0;
    options.checkpoint = [&](std::string_view state) { states.emplace_back(state); };
    minimize(objective, of, options);
    return states;
}

std::string found_by(const Objective& objective, const Box& of, const Options& options, std::size_t part,
                     const std::string& handed = {}) {
    return states_of(objective, of, options, part, handed).back();
}

std::vector<PartState> named(const std::vector<std::string>& states) {
    std::vector<PartState> parts;
    for (std::size_t i = 0; i < states.size(); ++i) parts.push_back({"file " + std::to_string(i), states[i]});
    return parts;
}

Merged merged(const std::vector<std::string>& states, const Objective& objective, const Box& of,
              const Options& options, bool allow_missing = false) {
    return merge(named(states), objective, of, options, allow_missing);
}

/// Round by round, parts of a round in the order that `order` makes of them.
Result in_rounds(const Objective& objective, const Box& of, const Options& options,
                 const std::function<void(std::vector<std::size_t>&)>& order) {
    std::vector<std::string> states;
    std::string handed;
    for (std::size_t round = 1;; ++round) {
        const Part of_rounds{round, options.rounds};
        std::vector<std::size_t> parts(of_rounds.last(options.parts) - of_rounds.first(options.parts));
        std::iota(parts.begin(), parts.end(), of_rounds.first(options.parts) + 1);
        order(parts);
        for (const std::size_t part : parts) states.push_back(found_by(objective, of, options, part, handed));
        const Merged all = merged(states, objective, of, options);
        if (round == options.rounds || all.is_settled) return *all.result;
        handed = all.handed;
    }
}

std::vector<std::string> rastrigin_states(const Options& options = base) {
    std::vector<std::string> states;
    for (std::size_t part = 1; part <= options.parts; ++part)
        states.push_back(found_by(rastrigin, box, options, part));
    return states;
}

}  // namespace

TEST_CASE("parts are as large as each other, but for one, and cover all") {
    for (const std::uint64_t count :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100}, std::uint64_t{101},
          std::uint64_t{4'294'967'295}, std::uint64_t{1} << 62U}) {
        for (const std::size_t of : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}}) {
            std::uint64_t next = 0;
            for (std::size_t number = 1; number <= of; ++number) {
                const Part part{number, of};
                CHECK(part.first(count) == next);
                next = part.last(count);
                CHECK(next - part.first(count) - count / of <= 1);
            }
            CHECK(next == count);
        }
    }
}

TEST_CASE("one part is the search itself") {
    Options options = base;
    options.parts = 0;
    const std::string whole = bits_of(minimize(rastrigin, box, options));
    options.parts = 1;
    CHECK(bits_of(minimize(rastrigin, box, options)) == whole);
    options.part = 1;
    CHECK(bits_of(minimize(rastrigin, box, options)) == whole);
}

TEST_CASE("parts come to the same bits in whatever order, together or alone") {
    struct Case {
        const char* name;
        std::function<void(Options&)> change;
    };
    const auto [name, change] =
        GENERATE(values<Case>({{"as it is", [](Options&) {}},
                               {"without start ids", [](Options& o) { o.start_ids = false; }},
                               {"f32", [](Options& o) { o.precision = Precision::f32; }},
                               {"maximize", [](Options& o) { o.maximize = true; }},
                               {"no offspring", [](Options& o) { o.offspring = false; }},
                               {"no polish", [](Options& o) { o.polish = false; }},
                               {"L-BFGS", [](Options& o) { o.rule.method = Method::lbfgs; }},
                               {"start points",
                                [](Options& o) {
                                    o.start_points = {{1, 1}, {0, 0}, {4, 4}};
                                }},
                               {"evaluations", [](Options& o) { o.max_evaluations = 30'000; }},
                               {"target", [](Options& o) { o.target = 0.5; }},
                               {"memory", [](Options& o) { o.memory = 1'000'000; }},
                               {"rounds", [](Options& o) { o.rounds = 3; }},
                               {"rounds until settled", [](Options& o) { o.rounds = 5, o.settle = 0.2; }}}));
    INFO(name);
    Options options = base;
    change(options);
    const std::string expected = bits_of(minimize(rastrigin, box, options));
    CHECK(bits_of(in_rounds(rastrigin, box, options, [](auto&) {})) == expected);
    options.threads = 2;
    options.tile_lanes = 32;
    CHECK(bits_of(in_rounds(rastrigin, box, options, [](std::vector<std::size_t>& parts) {
              std::ranges::reverse(parts);
          })) == expected);
}

TEST_CASE("a part resumed from any of its states finds the same") {
    const std::vector<std::string> all = rastrigin_states();
    const std::string expected = bits_of(*merged(all, rastrigin, box, base).result);
    const std::vector<std::string> of_second = states_of(rastrigin, box, base, 2);
    CHECK(of_second.size() > 10);
    for (std::size_t i = 0; i < of_second.size(); i += 1 + of_second.size() / 12) {
        Options options = base;
        options.part = 2;
        std::vector<std::string> states = all;
        options.checkpoint = [&](std::string_view state) { states[1] = state; };
        const Result result = resume(of_second[i], rastrigin, box, options);
        CHECK(bits_of(*merged(states, rastrigin, box, base).result) == expected);
        CHECK(bits_of(result) == bits_of(resume(of_second.back(), rastrigin, box, options)));
    }
}

TEST_CASE("what is merged counts every start once") {
    const Result all = *merged(rastrigin_states(), rastrigin, box, base).result;
    CHECK(all.best.f == 0);
    CHECK(all.minima.front().hits() > 0);
    CHECK(all.runs_started() == 600);
    CHECK(all.parts->numbers == std::vector<std::size_t>{1, 2, 3, 4, 5});
    std::vector<std::size_t> seen(600);
    std::size_t once = 0;
    for (const Minimum& minimum : all.minima) {
        for (const std::uint32_t id : minimum.start_ids) ++seen[id];
        CHECK(minimum.unlisted_hits == 0);
        once += minimum.hits() == 1 ? 1 : 0;
    }
    CHECK(std::ranges::all_of(seen, [](std::size_t times) { return times <= 1; }));
    // No start is given by hand, and runs that are pruned came to no minimum.
    CHECK(all.coverage.found_once == once);
    CHECK(all.coverage.runs == static_cast<std::size_t>(std::ranges::count(seen, std::size_t{1})));

    Options silent = base;
    silent.start_ids = false;
    const Result told = *merged(rastrigin_states(silent), rastrigin, box, silent).result;
    REQUIRE(told.minima.size() == all.minima.size());
    for (std::size_t i = 0; i < all.minima.size(); ++i) {
        CHECK(told.minima[i].f == all.minima[i].f);
        CHECK(told.minima[i].hits() == all.minima[i].hits());
        CHECK(told.minima[i].start_ids.empty());
    }
}

TEST_CASE("minima of different parts are one where they are the same, and a ring is one ring") {
    const Expression ring("(x^2 + y^2 - 4)^2", box);
    const Options options{.starts = 200, .iterations = 60, .parts = 4};
    const Result result = minimize(ring, box, options);
    REQUIRE(result.minima_found == 1);
    CHECK(result.minima.front().continuum);
    CHECK(result.minima.front().hits() > 100);
    CHECK(minimize(rastrigin, box, base).minima_found <= 121);
    // Two lines that cross: parts may tell a point of either as their best.
    const Box square{{"x", -3, 3}, {"y", -3, 3}};
    const Expression cross("(x*y)^2", square);
    for (const std::size_t parts : {2, 3, 5}) {
        const Result crossed = minimize(cross, square, {.starts = 512, .parts = parts});
        CHECK(crossed.minima_found == 1);
        CHECK(crossed.minima.front().hits() > 480);
    }
}

TEST_CASE("parts of later rounds make offspring of the minima they are handed") {
    Options options = base;
    options.rounds = 5;
    const std::string first = found_by(rastrigin, box, options, 1);
    const std::string handed = merged({first}, rastrigin, box, options).handed;
    options.part = 2;
    CHECK_THROWS_WITH(minimize(rastrigin, box, options), StartsWith("handed: part 2 is of round 2 of 5"));
    options.handed = handed;
    const Result result = minimize(rastrigin, box, options);
    CHECK(result.offspring > 0);
    // The parents descend from starts of the first part.
    Options alone = base;
    alone.part = 2;
    CHECK(bits_of(result) != bits_of(minimize(rastrigin, box, alone)));

    options.part = 3;
    CHECK_THROWS_WITH(minimize(rastrigin, box, options),
                      StartsWith("handed: these minima are for parts of round 2; part 3 is of round 3"));
    options.part = 2;
    options.seed = 4;
    CHECK_THROWS_WITH(minimize(rastrigin, box, options),
                      StartsWith("handed: these are minima of another search"));
    options.seed = base.seed;
    for (std::size_t i = 0; i < handed.size(); ++i) {
        options.handed = handed;
        options.handed[i] = static_cast<char>(options.handed[i] ^ 0x10);
        CHECK_THROWS_WITH(minimize(rastrigin, box, options), StartsWith("handed: "));
        options.handed = handed.substr(0, i);
        if (i > 0) CHECK_THROWS_WITH(minimize(rastrigin, box, options), StartsWith("handed: "));
    }
}

TEST_CASE("offspring of different parts are different") {
    Options options = base;
    options.rounds = 2;
    options.parts = 3;
    const std::string handed = merged({found_by(rastrigin, box, options, 1)}, rastrigin, box, options).handed;
    // The first offspring is a function of what is handed and its id.
    const auto first_child = [&](std::size_t part) {
        options.part = part;
        options.handed = handed;
        const Setting setting(rastrigin, box, options);
        return setting.starts.first_offspring();
    };
    CHECK(first_child(2) >= 600 + 2 * 200);
    CHECK(first_child(3) >= first_child(2) + 2 * 200);
}

TEST_CASE("counts of a tail are about those of all of it") {
    // 14641 minima, of which each part meets a few thousand.
    const Box wide{{"x", -5.12, 5.12, 4}};
    const Expression many("sum(i, 0, 3, 10 + x[i]^2 - 10*cos(2*pi*x[i]))", wide);
    Options options{
        .starts = 12'000, .seed = 1, .iterations = 60, .explore = 1, .offspring = false, .prune = false};
    const Result whole = minimize(many, wide, options);
    options.parts = 3;
    const Result parts = minimize(many, wide, options);
    REQUIRE(whole.minima_found > 6000);
    REQUIRE(parts.parts->tail_share < 0.5);
    const auto is_about = [](std::size_t estimate, std::size_t count) {
        return Approx(static_cast<double>(count)).epsilon(0.15) == static_cast<double>(estimate);
    };
    CHECK(is_about(parts.minima_found, whole.minima_found));
    CHECK(is_about(parts.coverage.found_once, whole.coverage.found_once));
    CHECK(parts.minima.size() == 1000);
    // Of what is listed nothing is left out.
    const auto hits = [](const Result& result) {
        std::size_t sum = 0;
        for (const Minimum& minimum : result.minima) sum += minimum.hits();
        return sum;
    };
    CHECK(static_cast<double>(hits(parts)) == Approx(static_cast<double>(hits(whole))).epsilon(0.05));
}

TEST_CASE("a merge refuses what does not belong together, by name") {
    const std::vector<std::string> all = rastrigin_states();
    const auto refusal = [&](std::vector<std::string> states, const Options& options = base) {
        try {
            merged(states, rastrigin, box, options);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    CHECK(refusal({}) == "there is no part to merge");
    CHECK(refusal({all[0], all[1], all[2], all[3]}) == "part 5 of 5 is missing");
    CHECK(refusal({all[2], all[4]}) == "parts 1, 2 and 4 of 5 are missing");
    CHECK(refusal({all[0], all[1], all[2], all[3], all[4], all[1]}) == "file 5: part 2 is file 1, too");
    CHECK(refusal({all[0], "lanewise", all[2]}) == "file 1: this is no checkpoint of lanewise");
    CHECK_THAT(refusal({all[0], states_of(rastrigin, box, base, 2).front()}),
               StartsWith("file 1: part 2 is not done"));
    std::string whole;
    Options no_parts = base;
    no_parts.parts = 0;
    no_parts.checkpoint = [&](std::string_view state) { whole = state; };
    minimize(rastrigin, box, no_parts);
    CHECK_THAT(refusal({all[0], whole}), StartsWith("file 1: this is the state of a whole search"));

    Options other = base;
    other.seed = 4;
    CHECK(refusal({all[0], found_by(rastrigin, box, other, 2)}) == "file 1: seed 3: the saved search has 4");
    other = base;
    other.parts = 6;
    CHECK(refusal({all[0], found_by(rastrigin, box, other, 2)}) == "file 1: parts 5: the saved search has 6");
    const Expression another("x^2 + y^2", box);
    CHECK_THAT(refusal({all[0], found_by(another, box, base, 2)}), StartsWith("file 1: expression '"));
    const Box wider{{"x", -5.12, 5.12}, {"y", -5.12, 6}};
    CHECK_THAT(
        refusal({all[0], found_by(Expression(rastrigin.formula()->expression, wider), wider, base, 2)}),
        StartsWith("file 1: var y="));

    Options rounds = base;
    rounds.rounds = 5;
    const std::string first = found_by(rastrigin, box, rounds, 1);
    const std::string second =
        found_by(rastrigin, box, rounds, 2, merged({first}, rastrigin, box, rounds).handed);
    const std::string third =
        found_by(rastrigin, box, rounds, 3, merged({first, second}, rastrigin, box, rounds).handed);
    CHECK(refusal({first, second, third}, rounds) == "accepted");
    CHECK(refusal({first, third}, rounds) == "part 2 of 5 is missing");
    // A first part that found something else, as of another version.
    OpenState open = open_state(first);
    Outcome changed = read_found(open, box).outcome;
    ++changed.points_tried;
    rounds.part = 1;
    const Setting setting(rastrigin, box, rounds);
    CHECK(refusal({write_found(setting, changed), second}, rounds) ==
          "file 1: part 2 was handed the minima of other parts than those that are here");
    for (const auto& [change, message] : std::vector<std::pair<std::function<void(Options&)>, std::string>>{
             {[](Options& o) { o.max_evaluations = 100'000; },
              "file 1: max-evaluations none: the saved search has 100000"},
             {[](Options& o) { o.target = -1; }, "file 1: target none: the saved search has -1"},
             {[](Options& o) { o.start_ids = false; }, "file 1: start-ids on: the saved search has off"}}) {
        Options limited = base;
        change(limited);
        CHECK(refusal({all[0], found_by(rastrigin, box, limited, 2)}) == message);
    }
    CHECK(refusal({whole, all[0]}) == "file 0: this is the state of a whole search, of no part");
}

TEST_CASE("parts have one region, and whose state comes first does not matter") {
    const Box generous{{"x", -1e7, 1e7}, {"y", -1e7, 1e7}};
    const Expression bowl("(x^2 + y^2)^2/100 + 10*cos(2*pi*x) + 10*cos(2*pi*y) + x", generous);
    // The evaluations are as many as the region takes, about: shares of them differ by one.
    std::size_t regions = 0;
    for (const std::uint64_t evaluations : {std::uint64_t{137'279}, std::uint64_t{600'001}}) {
        const Options options{.starts = 100, .parts = 2, .max_evaluations = evaluations};
        const std::string first = found_by(bowl, generous, options, 1);
        const std::string second = found_by(bowl, generous, options, 2);
        const Result one = *merged({first, second}, bowl, generous, options).result;
        const Result other = *merged({second, first}, bowl, generous, options).result;
        CHECK(bits_of(one) == bits_of(other));
        CHECK(bits_of(one) == bits_of(minimize(bowl, generous, options)));
        regions += one.region ? 1 : 0;
    }
    CHECK(regions == 1);
}

TEST_CASE("the state of a part of a later round is looked at without what it was handed") {
    Options options = base;
    options.rounds = 5;
    const std::string handed = merged({found_by(rastrigin, box, options, 1)}, rastrigin, box, options).handed;
    const std::vector<std::string> states = states_of(rastrigin, box, options, 2, handed);
    CHECK(saved_result(states[states.size() - 2], rastrigin, 0.003, 10).minima.size() == 10);
    CHECK_THROWS_WITH(saved_result(states.back(), rastrigin, 0.003, 10), StartsWith("the part is done"));
}

TEST_CASE("parts of one round that were handed different minima are refused in any case") {
    Options options = base;
    options.rounds = 2;
    options.parts = 4;
    const std::string first = found_by(rastrigin, box, options, 1);
    const std::string second = found_by(rastrigin, box, options, 2);
    const std::string third =
        found_by(rastrigin, box, options, 3, merged({first}, rastrigin, box, options, true).handed);
    const std::string fourth =
        found_by(rastrigin, box, options, 4, merged({first, second}, rastrigin, box, options).handed);
    CHECK(merged({first, second, third}, rastrigin, box, options, true).missing ==
          std::vector<std::size_t>{4});
    CHECK_THROWS_WITH(merged({first, third, fourth}, rastrigin, box, options, true),
                      "file 2: part 4 was handed the minima of other parts than others of its round");
    // One that is not done is left out, if it is of the search.
    const std::string begun = states_of(rastrigin, box, options, 2).front();
    CHECK(merged({first, begun}, rastrigin, box, options, true).missing == std::vector<std::size_t>{2});
    Options other = options;
    other.seed = 9;
    CHECK_THROWS_WITH(
        merged({first, states_of(rastrigin, box, other, 2).front()}, rastrigin, box, options, true),
        "file 1: seed 3: the saved search has 9");
}

TEST_CASE("parts may be missing where that is allowed, and are told") {
    const std::vector<std::string> all = rastrigin_states();
    const Merged some = merged({all[4], all[1]}, rastrigin, box, base, true);
    CHECK(some.missing == std::vector<std::size_t>{1, 3, 4});
    CHECK(some.result->status == SearchStatus::parts_missing);
    CHECK(some.result->runs_started() == 600);
    CHECK(some.result->runs_with(RunStatus::stopped) == 360);
    CHECK(some.result->parts->numbers == std::vector<std::size_t>{2, 5});
}

TEST_CASE("a part where nothing is finite is a part of the search") {
    // Finite for x above 0: the second of two starts given by hand.
    const Box line{{"x", -1, 1}};
    const Expression root("sqrt(x) + (x - 0.5)^2", line);
    const Options options{.start_points = {{-0.5}, {0.25}}, .parts = 2};
    std::vector<std::string> states(2);
    for (std::size_t part = 1; part <= 2; ++part) {
        Options of_part = options;
        of_part.part = part;
        of_part.checkpoint = [&](std::string_view state) { states[part - 1] = state; };
        if (part == 1) {
            CHECK_THROWS_AS(minimize(root, line, of_part), NothingFinite);
        } else {
            minimize(root, line, of_part);
        }
    }
    const Result result = *merged(states, root, line, options).result;
    CHECK(result.best.start_id == 1);
    CHECK(result.runs_with(RunStatus::nan_at_start) == 1);
    CHECK(bits_of(result) == bits_of(minimize(root, line, options)));
    CHECK_THROWS_AS(merged({states[0]}, root, line, options, true), NothingFinite);
}

TEST_CASE("a state of a part that was changed or cut is refused") {
    std::vector<std::string> states = rastrigin_states();
    const std::string whole = states[2];
    std::mt19937 random(1);
    for (int i = 0; i < 300; ++i) {
        const std::size_t at = random() % whole.size();
        states[2] = whole;
        states[2][at] = static_cast<char>(states[2][at] ^ (1 << random() % 8));
        CHECK_THROWS_WITH(merged(states, rastrigin, box, base), StartsWith("file 2: "));
        states[2] = whole.substr(0, at);
        CHECK_THROWS_WITH(merged(states, rastrigin, box, base), StartsWith("file 2: "));
    }
}

TEST_CASE("a forged part is refused by the name of its field") {
    struct Forgery {
        const char* field;
        std::function<void(Outcome&)> edit;
    };
    constexpr double a_nan = std::numeric_limits<double>::quiet_NaN();
    constexpr std::uint64_t huge = std::uint64_t{1} << 62U;
    const std::vector<Forgery> forgeries = {
        {"status", [](Outcome& o) { o.status = SearchStatus::interrupted; }},
        {"best.f", [](Outcome& o) { o.best.f = a_nan; }},
        {"best.x", [](Outcome& o) { o.best.x.pop_back(); }},
        {"best.x", [](Outcome& o) { o.best.x[0] = a_nan; }},
        {"best.x", [](Outcome& o) { o.best.x[0] = 6; }},
        {"best.line", [](Outcome& o) { o.best.line = 5000; }},
        {"best.iteration", [](Outcome& o) { o.best.iteration = -2; }},
        {"best.of", [](Outcome& o) { o.best.of = static_cast<EndOf>(9); }},
        {"minima.x", [](Outcome& o) { o.minima.x.pop_back(); }},
        {"minima.x", [](Outcome& o) { o.minima.x[1] = a_nan; }},
        {"minima.x", [](Outcome& o) { o.minima.x[1] = 1e308; }},
        {"minima.f", [](Outcome& o) { o.minima.f[0] = -1e300; }},
        {"minima.f", [](Outcome& o) { std::swap(o.minima.f.front(), o.minima.f.back()); }},
        {"minima.is_continuum", [](Outcome& o) { o.minima.is_continuum[0] = 2; }},
        {"best_is_minimum", [](Outcome& o) { o.best.f -= 1; }},
        {"continua",
         [](Outcome& o) {
             o.continua.push_back({9999, 0, {0, 0}, false});
         }},
        {"continua",
         [](Outcome& o) {
             o.continua.push_back({0, 0, {0, 6}, false});
         }},
        {"minima", [](Outcome& o) { o.minima.of.pop_back(); }},
        {"minima", [](Outcome& o) { o.minima.offspring.push_back(0); }},
        {"minima.f", [](Outcome& o) { o.minima.f[0] = a_nan; }},
        {"minima.of", [](Outcome& o) { o.minima.of[0] = EndOf::cut_polish; }},
        {"minima.offspring", [](Outcome& o) { o.minima.offspring[0] = huge; }},
        {"minima.hits", [](Outcome& o) { o.minima.hits[0] = huge; }},
        {"minima.drawn_hits", [](Outcome& o) { o.minima.drawn_hits[0] = o.minima.hits[0] + 1; }},
        {"minima.start_ids", [](Outcome& o) { o.minima.start_ids.pop_back(); }},
        {"minima.start_ids", [](Outcome& o) { o.minima.start_ids[0] = 599; }},
        {"starts", [](Outcome& o) { ++o.starts; }},
        {"runs", [](Outcome& o) { o.runs[0] = huge; }},
        {"drawn", [](Outcome& o) { o.drawn = huge; }},
        {"not_pruned", [](Outcome& o) { o.not_pruned = o.drawn + 1; }},
        {"ended", [](Outcome& o) { o.ended = o.not_pruned + 1; }},
        {"points_tried", [](Outcome& o) { o.points_tried = huge; }},
        {"offspring", [](Outcome& o) { o.offspring = huge; }},
        {"audit.spared", [](Outcome& o) { o.audit.spared = huge; }},
        {"audit.best_spared", [](Outcome& o) { o.audit.best_other = a_nan; }},
        {"iterations", [](Outcome& o) { o.iterations = 1000; }},
        {"parents", [](Outcome& o) { o.parents.resize(65, o.parents[0]); }},
        {"parents.f", [](Outcome& o) { o.parents[0].f = a_nan; }},
        {"parents.x", [](Outcome& o) { o.parents[0].x.pop_back(); }},
        {"parents.x", [](Outcome& o) { o.parents[0].x[0] = 6; }},
        {"parents.line", [](Outcome& o) { o.parents[0].line = 599; }},
        {"work.seconds", [](Outcome& o) { o.work.seconds = -1; }},
        {"work.run_iterations", [](Outcome& o) { o.work.run_iterations = huge; }},
        {"work.evaluations", [](Outcome& o) { o.work.evaluations = huge; }},
        {"work.lane_occupancy", [](Outcome& o) { o.work.lane_occupancy = 1.5; }},
        {"threads", [](Outcome& o) { o.threads = 0; }}};
    Options options = base;
    options.rounds = 2;
    options.part = 1;
    const Setting setting(rastrigin, box, options);
    const std::string real = found_by(rastrigin, box, options, 1);
    for (const auto& [field, edit] : forgeries) {
        OpenState open = open_state(real);
        Outcome outcome = read_found(open, box).outcome;
        edit(outcome);
        INFO(field);
        CHECK_THROWS_WITH(merged({write_found(setting, outcome)}, rastrigin, box, options, true),
                          "file 0: the checkpoint is damaged or not complete: " + std::string(field));
    }
}

TEST_CASE("all parts in one process go on from the states that are kept") {
    Options options = base;
    options.rounds = 2;
    const std::string expected = bits_of(minimize(rastrigin, box, options));
    std::map<std::size_t, std::string> kept;
    int writes = 0;
    const PartKeeper keeper = {.read = [&](std::size_t part) -> std::optional<std::string> {
                                   const auto state = kept.find(part);
                                   if (state == kept.end()) return {};
                                   return state->second;
                               },
                               .write =
                                   [&](std::size_t part, std::string_view state) {
                                       kept[part] = state;
                                       ++writes;
                                   }};
    options.checkpoint_every = 0;
    // It dies after every few states.
    int left = 0;
    options.stop = [&] { return writes > left; };
    int lives = 0;
    std::string bits;
    do {
        left = writes + 7;
        ++lives;
        try {
            bits = bits_of(minimize_parts(rastrigin, box, options, keeper));
        } catch (const NothingFinite&) {
            // It had seen nothing yet.
        }
    } while (kept.size() < 5 || std::ranges::any_of(kept, [](const auto& part) {
                 return !part_of_state(part.second)->is_done;
             }));
    options.stop = {};
    CHECK(lives > 5);
    CHECK(bits_of(minimize_parts(rastrigin, box, options, keeper)) == expected);
}

TEST_CASE("options of parts are checked") {
    const auto refusal = [](Options options) {
        try {
            minimize(rastrigin, box, options);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    CHECK_THAT(refusal({.starts = 10, .parts = 11}), StartsWith("parts 11: must be at most the 10 starts"));
    CHECK_THAT(refusal({.starts = 10, .parts = 3, .part = 4}), StartsWith("part 4: must be 1 to 3"));
    CHECK_THAT(refusal({.starts = 10, .part = 4}), StartsWith("part 4: "));
    CHECK_THAT(refusal({.starts = 10, .parts = 3, .rounds = 4}), StartsWith("rounds 4: must be 1 to 3"));
    CHECK_THAT(refusal({.starts = 10, .rounds = 2}), StartsWith("rounds 2: "));
    CHECK_THAT(refusal({.starts = 10, .parts = 2, .handed = "x"}), StartsWith("handed: is for a part"));
    CHECK_THAT(refusal({.starts = 10, .parts = 2, .part = 1, .handed = "x"}), StartsWith("handed: "));
}
