// The list of options against everything that goes over it, and against the fields it has to name.
#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "names.hpp"
#include "option_list.hpp"

using namespace lanewise;
using Catch::Matchers::StartsWith;
using test::bits_of;

namespace {

// Every field, in the order of its declaration: one more does not compile until it is here, and then has to
// be in the list of options.
#define LANEWISE_FIELDS                                                                                      \
    starts, start_points, seed, design, iterations, batch_rows, rule, schedule, warm_up, final_alpha, scale, \
        precision, jit, explore, offspring, prune, polish, same_distance, settle, maximize, parts, part,     \
        rounds, handed, start_ids, threads, isa, tile_lanes, memory, max_time, max_evaluations, target,      \
        most_minima, progress, stop, checkpoint, checkpoint_every, profile
#define LANEWISE_RULE_FIELDS method, alpha, beta1, beta2, eps
#define LANEWISE_TEXT_OF(...) #__VA_ARGS__
#define LANEWISE_TEXT(fields) LANEWISE_TEXT_OF(fields)

template <class T>
constexpr bool is_function = false;
template <class T>
constexpr bool is_function<std::function<T>> = true;

/// Where the fields are that no option of the list is, by name.
std::vector<std::string> missing(const std::set<const void*>& listed, std::string names, const auto& fields) {
    std::vector<std::string> lacking;
    names += ", ";
    std::apply(
        [&](const auto&... field) {
            const auto look = [&](const auto& one) {
                const std::string name = names.substr(0, names.find(", "));
                names.erase(0, name.size() + 2);
                using Field = std::remove_cvref_t<decltype(one)>;
                const bool is_group = std::is_same_v<Field, Rule>;
                // What a merge handed out is no choice.
                const bool is_handed = std::is_same_v<Field, std::string>;
                if (!is_group && !is_handed && !is_function<Field> && !listed.contains(&one))
                    lacking.push_back(name);
            };
            (look(field), ...);
        },
        fields);
    return lacking;
}

const Box box{{"x", -1, 1}, {"y", -2, 2}};
const Expression bumps("rows((x - a)^2) + y^2 + sin(9*x)*cos(7*y)", box, {},
                       Data({{"a", {0.5, 0.25, 0.75}}}));

/// Another value that the search could have had.
void change(const Option& /*option*/, bool& field) {
    field = !field;
}
template <class E>
requires std::is_enum_v<E>
void change(const Option& /*option*/, E& field) {
    field = field == spellings<E>.front().value ? spellings<E>.back().value : spellings<E>.front().value;
}
template <class T>
requires std::is_arithmetic_v<T>
void change(const Option& option, T& field) {
    if (option.name == "tile_lanes") {
        field = 48;
    } else {
        field = static_cast<T>(std::is_integral_v<T> ? field + 1 : field / 2);
    }
}
void change(const Option& /*option*/, std::vector<std::vector<double>>& field) {
    field.push_back({0.25, 0.25});
}
template <class T>
void change(const Option& option, std::optional<T>& field) {
    static const std::map<std::string_view, T> used = [] {
        std::map<std::string_view, T> values;
        if constexpr (std::is_same_v<T, std::uint64_t>)
            values = {{"starts", 40},
                      {"batch-rows", 2},
                      {"memory", 1'000'000'000},
                      {"max-evaluations", 1'000'000'000}};
        if constexpr (std::is_same_v<T, double>)
            values = {
                {"beta2", 0.5}, {"final-alpha", 0.5}, {"max-time", 1e6}, {"target", -9}, {"settle", 1e-9}};
        if constexpr (std::is_same_v<T, Design>) values = {{"design", Design::uniform}};
        if constexpr (std::is_same_v<T, Isa>) values = {{"isa", choose_isa()}};
        return values;
    }();
    const auto value = used.find(option.name);
    INFO("another value of " << option.name << " is missing here");
    REQUIRE(value != used.end());
    field = value->second;
}

std::string refusal(const Options& options) {
    try {
        minimize(bumps, box, options);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("every field of the options is in their list") {
    const Options options;
    std::set<const void*> listed;
    visit_options(options, [&](const Option& option, const auto& field) {
        INFO(option.name);
        CHECK(listed.insert(&field).second);
    });
    const std::vector<std::string> none;
    const auto& [LANEWISE_FIELDS] = options;
    CHECK(missing(listed, LANEWISE_TEXT(LANEWISE_FIELDS), std::tie(LANEWISE_FIELDS)) == none);
    const auto& [LANEWISE_RULE_FIELDS] = rule;
    CHECK(missing(listed, LANEWISE_TEXT(LANEWISE_RULE_FIELDS), std::tie(LANEWISE_RULE_FIELDS)) == none);
}

TEST_CASE("options have names and JSON keys of their own") {
    std::set<std::string_view> names;
    std::set<std::string_view> keys;
    const Options options;
    visit_options(options, [&](const Option& option, const auto& /*field*/) {
        INFO(option.name);
        CHECK(names.insert(option.name).second);
        if (!option.json.empty()) CHECK(keys.insert(option.json).second);
    });
}

TEST_CASE("what is saved of the options has this order") {
    std::string saved;
    visit_saved(Options{}, [&](const Option& option, const auto& /*field*/) {
        saved.append(option.name).append(option.saved == Saved::deciding ? " " : "? ");
    });
    CHECK(saved ==
          "starts start seed design iterations batch-rows rule alpha beta1 beta2 eps schedule warm-up "
          "final-alpha scale "
          "explore offspring polish prune same-distance precision maximize parts part rounds start-ids? "
          "jit? memory max-time? max-evaluations? target? settle minima? ");
}

TEST_CASE("the options in JSON keep their order") {
    const Options options{.starts = 16, .iterations = 20};
    const auto json = nlohmann::ordered_json::parse(to_json(minimize(bumps, box, options), box, options));
    std::string keys;
    for (const auto& [key, value] : json["options"].items()) keys.append(key).append(" ");
    CHECK(keys ==
          "starts start_points seed design iterations batch_rows rule alpha beta1 beta2 eps schedule warm_up "
          "final_alpha scale "
          "explore offspring polish prune same_distance precision maximize parts part rounds start_ids "
          "threads isa jit "
          "tile_lanes memory max_time max_evaluations target settle most_minima ");
}

TEST_CASE("a changed option keeps a search from going on where results depend on it") {
    Options options{.starts = 20, .iterations = 40, .parts = 4, .part = 1, .rounds = 2};
    std::string state;
    options.checkpoint = [&](std::string_view now) { state = now; };
    const std::string expected = bits_of(minimize(bumps, box, options));
    options.checkpoint = {};
    std::size_t refused = 0;
    std::size_t free = 0;
    visit_options(options, [&](const Option& option, auto& field) {
        INFO(option.name);
        const auto before = field;
        change(option, field);
        REQUIRE(field != before);
        REQUIRE_NOTHROW(validate(bumps, box, options));
        if (option.saved == Saved::deciding || option.saved == Saved::deciding_parts) {
            ++refused;
            CHECK_THROWS_WITH(resume(state, bumps, box, options),
                              StartsWith(std::string(option.name).append(" ")) ||
                                  StartsWith(std::string(option.name).append(":")));
        } else {
            ++free;
            CHECK(bits_of(resume(state, bumps, box, options)) == expected);
            CHECK(bits_of(minimize(bumps, box, options)) == expected);
        }
        field = before;
    });
    CHECK(refused == 30);
    CHECK(free == 7);
}

TEST_CASE("an option changed in a saved search is read back") {
    Options options{.starts = 20, .iterations = 40, .parts = 4, .part = 1, .rounds = 2};
    visit_options(options, [&](const Option& option, auto& field) {
        if (option.saved == Saved::no) return;
        INFO(option.name);
        const auto before = field;
        change(option, field);
        std::string state;
        options.checkpoint = [&](std::string_view now) { state = now; };
        minimize(bumps, box, options);
        const Options saved = read_saved(state).options;
        visit_options(saved, [&](const Option& same, const auto& its) {
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(its)>,
                                         std::remove_cvref_t<decltype(field)>>) {
                if (same.name == option.name) CHECK(its == field);
            }
        });
        field = before;
    });
}

TEST_CASE("an option out of its range is refused by its name") {
    // Whole numbers that are refused; those of which any will do are not here.
    const std::map<std::string_view, std::int64_t> wrong = {
        {"starts", 0},          {"iterations", 0}, {"batch-rows", 0},  {"warm-up", 1001},
        {"explore", 1001},      {"threads", -1},   {"tile_lanes", 17}, {"memory", 1},
        {"max-evaluations", 0}, {"parts", 9999},   {"part", 1},        {"rounds", 0}};
    const std::set<std::string_view> any = {"seed", "minima"};
    Options options;
    const auto check = [&](const Option& option, auto& field, auto value) {
        const auto before = field;
        field = value;
        INFO(option.name);
        CHECK_THAT(refusal(options), StartsWith(std::string(option.name).append(" ")));
        field = before;
    };
    const auto check_all = [&]<class Value>(const Option& option, auto& field, const Value& /*kind*/) {
        if constexpr (std::is_enum_v<Value>) {
            check(option, field, static_cast<Value>(spellings<Value>.size()));
            check(option, field, static_cast<Value>(-1));
        } else if constexpr (std::is_floating_point_v<Value>) {
            check(option, field, std::numeric_limits<double>::quiet_NaN());
            if (option.name == "target") return;
            check(option, field, -1.0);
        } else if constexpr (std::is_integral_v<Value> && !std::is_same_v<Value, bool>) {
            INFO("a wrong value of " << option.name << " is missing here");
            REQUIRE((wrong.contains(option.name) || any.contains(option.name)));
            if (wrong.contains(option.name)) check(option, field, static_cast<Value>(wrong.at(option.name)));
        } else if constexpr (std::is_same_v<Value, std::vector<std::vector<double>>>) {
            check(option, field, Value{{0}});
        }
    };
    visit_options(options, [&](const Option& option, auto& field) {
        if constexpr (requires { field.reset(); }) {
            check_all(option, field, *std::remove_cvref_t<decltype(field)>(std::in_place));
        } else {
            check_all(option, field, field);
        }
    });
}
