// A search that is saved and goes on comes to the same bits as one that never stopped.
#include <omp.h>

#include <bit>
#include <functional>
#include <string>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;
using test::bits_of;

namespace {

const Box box{{"x", -5, 5, 4}, {"t", 0.5, 3}};
// Bumps, a valley and a region where it breaks.
const Expression objective(
    "sum(i, 0, 2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2) + 30*sin(5*x[0])*cos(5*x[1]) + exp(-x[3]^2)*log(t) "
    "+ sqrt(x[2] + 4.5)",
    box);
const Options base{
    .starts = 400, .start_points = {{1, 1, 1, 1, 1}}, .seed = 5, .iterations = 200, .threads = 2};

struct Saving {
    std::vector<std::string> states;
    Result result;
};

/// A search that saves its state whenever it can.
Saving save_all(Options options) {
    Saving saving{};
    options.checkpoint = [&](std::string_view state) { saving.states.emplace_back(state); };
    options.checkpoint_every = 0;
    saving.result = minimize(objective, box, options);
    return saving;
}

}  // namespace

TEST_CASE("a search resumed from any of its states comes to the same bits") {
    struct Case {
        const char* name;
        std::function<void(Options&)> change;
    };
    const auto [name, change] =
        GENERATE(values<Case>({{"as it is", [](Options&) {}},
                               {"f32", [](Options& o) { o.precision = Precision::f32; }},
                               {"maximize", [](Options& o) { o.maximize = true; }},
                               {"no offspring", [](Options& o) { o.offspring = false; }},
                               {"no prune", [](Options& o) { o.prune = false; }},
                               {"no explore", [](Options& o) { o.explore = 1; }},
                               {"no polish", [](Options& o) { o.polish = false; }},
                               {"settled", [](Options& o) { o.settle = 0.2; }}}));
    INFO(name);
    Options options = base;
    change(options);
    const std::string expected = bits_of(minimize(objective, box, options));
    const Saving saving = save_all(options);
    CHECK(bits_of(saving.result) == expected);
    CHECK(saving.states.size() > 20);
    options.threads = 1;
    options.tile_lanes = 32;
    const std::size_t stride = saving.states.size() / 20;
    for (std::size_t i = 0; i < saving.states.size(); i += stride) {
        INFO("state " << i << " of " << saving.states.size());
        CHECK(bits_of(resume(saving.states[i], objective, box, options)) == expected);
    }
    CHECK(bits_of(resume(saving.states.back(), objective, box, options)) == expected);
}

TEST_CASE("a search halted again and again and resumed comes to the same bits") {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        Options options = base;
        options.precision = precision;
        const std::string expected = bits_of(minimize(objective, box, options));
        std::string state;
        std::string before;
        options.checkpoint = [&](std::string_view now) { state = now; };
        int calls = 0;
        int most_calls = 0;
        options.stop = [&] { return ++calls > most_calls; };
        Result result{};
        int sessions = 0;
        do {
            options.threads = sessions % 3 + 1;
            options.tile_lanes = static_cast<std::size_t>(sessions % 4) * 16;
            calls = 0;
            // Longer where that was too short for one step: a slow machine is asked more often in it.
            most_calls = sessions > 0 && state == before ? 2 * most_calls : 10 + 7 * sessions % 200;
            before = state;
            result =
                sessions == 0 ? minimize(objective, box, options) : resume(state, objective, box, options);
            ++sessions;
        } while (result.status == SearchStatus::interrupted);
        CHECK(sessions > 10);
        CHECK(bits_of(result) == expected);
    }
}

TEST_CASE("a limit that is not met changes nothing of what L-BFGS goes on with") {
    const Box valley{{"x", -5, 5, 100}};
    const Expression rosenbrock("sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", valley);
    const Options options{.starts = 200, .iterations = 30, .offspring = false, .threads = 2};
    const Result free = minimize(rosenbrock, valley, options);
    // L-BFGS spends what it may: some runs do not converge.
    CHECK(free.runs_with(RunStatus::max_iterations) > 0);
    const std::string expected = bits_of(free);
    Options limited = options;
    for (const double share : {1.02, 1.2, 2.0, 4.0}) {
        limited.max_evaluations =
            static_cast<std::uint64_t>(share * static_cast<double>(free.work.evaluations)) + 10'000;
        const Result result = minimize(rosenbrock, valley, limited);
        CAPTURE(share);
        if (result.status == SearchStatus::completed) CHECK(bits_of(result) == expected);
    }
    CHECK(minimize(rosenbrock, valley, limited).status == SearchStatus::completed);
    // The same of one that stops for want of evaluations, and goes on without that limit.
    std::string state;
    limited.checkpoint = [&](std::string_view now) { state = now; };
    limited.checkpoint_every = 0;
    for (const double share : {0.3, 0.5, 0.7, 0.8, 0.9, 0.95}) {
        limited.max_evaluations =
            static_cast<std::uint64_t>(share * static_cast<double>(free.work.evaluations));
        CHECK(minimize(rosenbrock, valley, limited).status == SearchStatus::max_evaluations);
        CAPTURE(share);
        CHECK(bits_of(resume(state, rosenbrock, valley, options)) == expected);
    }
}

TEST_CASE("limits leave a state that they have had no part in") {
    const std::string expected = bits_of(minimize(objective, box, base));
    Options options = base;
    std::string state;
    options.checkpoint = [&](std::string_view now) { state = now; };
    const auto sees = [&](const Options& limited, SearchStatus status) {
        CHECK(minimize(objective, box, limited).status == status);
        Options free = base;
        free.seed = limited.seed;
        CHECK(bits_of(resume(state, objective, box, free)) == expected);
    };
    for (const std::uint64_t most : {401, 3'000, 5'000, 20'000, 77'777}) {
        options.max_evaluations = most;
        sees(options, SearchStatus::max_evaluations);
    }
    options.max_evaluations.reset();
    const double best = minimize(objective, box, base).best.f;
    for (const double above : {1e3, 1.0, 0.0}) {
        options.target = best + above;
        sees(options, SearchStatus::target);
        const std::string at_target = bits_of(minimize(objective, box, options));
        CHECK(bits_of(resume(state, objective, box, options)) == at_target);
    }
    options.target.reset();
    options.max_time = 1e-9;
    sees(options, SearchStatus::max_time);

    // More evaluations now and then come to as many at once.
    options.max_time.reset();
    options.max_evaluations = 50'000;
    const std::string limited = bits_of(minimize(objective, box, options));
    options.max_evaluations = 10'000;
    minimize(objective, box, options);
    options.max_evaluations = 50'000;
    CHECK(bits_of(resume(state, objective, box, options)) == limited);
}

TEST_CASE("work and seconds go on, max_time begins anew") {
    const Saving saving = save_all(base);
    Options options = base;
    options.max_time = 1000;
    const Result half =
        saved_result(saving.states[saving.states.size() / 2], objective, base.same_distance, 1000);
    const Result all = resume(saving.states[saving.states.size() / 2], objective, box, options);
    CHECK(half.status == SearchStatus::interrupted);
    CHECK(half.work.seconds > 0);
    CHECK(half.work.run_iterations > 0);
    CHECK(half.work.run_iterations < all.work.run_iterations);
    CHECK(half.work.seconds < all.work.seconds);
    CHECK(all.work.run_iterations == saving.result.work.run_iterations);
    const Result finished = resume(saving.states.back(), objective, box, options);
    CHECK(finished.work.seconds <= saving.result.work.seconds);
    CHECK(finished.threads == saving.result.threads);
}

TEST_CASE("a state tells its problem") {
    const Box mixed{{"v", -1, 2, 2}, {"x", -5, 5}, {"fixed", 3, 3}};
    const Expression sum("a*(v[0]^2 + v[1]^2) + x^2*fixed", mixed, {{"a", 0.1}});
    std::string state;
    Options options{.starts = 30,
                    .start_points = {{0, 1, 2, 3}, {1, 1, 1, 3}},
                    .seed = 18446744073709551615U,
                    .iterations = 50,
                    .scale = Scale::none,
                    .max_evaluations = 1'000'000};
    options.checkpoint = [&](std::string_view now) { state = now; };
    minimize(sum, mixed, options);
    const SavedSearch saved = read_saved(state);
    REQUIRE(saved.formula);
    CHECK(saved.formula->expression == "a*(v[0]^2 + v[1]^2) + x^2*fixed");
    CHECK(saved.formula->parameters == Parameters{{"a", 0.1}});
    CHECK(saved.box.coordinate_name(1) == "v[1]");
    CHECK(saved.box.coordinate_name(2) == "x");
    CHECK(saved.box.upper() == mixed.upper());
    CHECK(saved.options.starts == 30);
    CHECK(saved.options.start_points == options.start_points);
    CHECK(saved.options.seed == options.seed);
    CHECK(saved.options.scale == Scale::none);
    CHECK(saved.options.max_evaluations == 1'000'000);

    const Box own{{"a", 0, 1}, {"v", {2, 3}, {4, 5}}, {"w", -1, 1, 2}, {"x", {0}, {1}}};
    Options own_options{.starts = 20, .iterations = 20};
    own_options.checkpoint = options.checkpoint;
    minimize("a + v[0] + v[1]*w[0] + x[0]", own, own_options);
    const Box read = read_saved(state).box;
    CHECK(read.lower() == own.lower());
    CHECK(read.upper() == own.upper());
    for (std::size_t j = 0; j < own.dimension(); ++j)
        CHECK(read.coordinate_name(j) == own.coordinate_name(j));

    const Box uneven = Box::from_bounds({0, -1}, {1, 5});
    const Callback bowl(2, [](auto x, auto f, auto g) {
        for (std::size_t lane = 0; lane < f.size(); ++lane) {
            f[lane] = x[0][lane] * x[0][lane] + x[1][lane] * x[1][lane];
            for (const std::size_t j : {0, 1}) g[j][lane] = 2 * x[j][lane];
        }
    });
    options.start_points.clear();
    minimize(bowl, uneven, options);
    CHECK_FALSE(read_saved(state).formula);
    CHECK(read_saved(state).box.upper() == uneven.upper());
    CHECK(resume(state, bowl, uneven, options).best.f == 0);
    CHECK_THROWS_WITH(resume(state, Expression("x[0]^2 + x[1]^2", uneven), uneven, options),
                      ContainsSubstring("objective"));
}

TEST_CASE("a search is resumed as what it was only") {
    const char* text = "a*(x - b)^2 + y^2";
    const Box square{{"x", -1, 1}, {"y", -2, 2}};
    const Parameters parameters{{"a", 2}, {"b", 0.5}};
    const Options fine{.starts = 20, .iterations = 40};
    std::string state;
    Options saving = fine;
    saving.checkpoint = [&](std::string_view now) { state = now; };
    Options by_hand = saving;
    by_hand.start_points = {{0.5, 1}};
    minimize(Expression(text, square, parameters), square, by_hand);
    by_hand.checkpoint = {};
    by_hand.start_points = {{0.5, 1.5}};
    CHECK_THROWS_WITH(resume(state, Expression(text, square, parameters), square, by_hand),
                      "start: the saved search has others");
    minimize(Expression(text, square, parameters), square, saving);
    const auto refused = [&](const char* message, const Options& options) {
        CHECK_THROWS_WITH(resume(state, Expression(text, square, parameters), square, options), message);
    };
    const auto with = [&](auto change) {
        Options options = fine;
        change(options);
        return options;
    };
    refused("starts 30: the saved search has 20", with([](Options& o) { o.starts = 30; }));
    refused("start: the saved search has others", with([](Options& o) { o.start_points = {{0, 0}}; }));
    refused("seed 1: the saved search has 0", with([](Options& o) { o.seed = 1; }));
    refused("design uniform: the saved search has sobol",
            with([](Options& o) { o.design = Design::uniform; }));
    refused("rule nadam: the saved search has adam", with([](Options& o) { o.rule.method = Method::nadam; }));
    refused("warm-up 3: the saved search has 0", with([](Options& o) { o.warm_up = 3; }));
    refused("final-alpha 0.5: the saved search has 0", with([](Options& o) { o.final_alpha = 0.5; }));
    refused("memory 100000000: the saved search has none", with([](Options& o) { o.memory = 100'000'000; }));
    refused("iterations 41: the saved search has 40", with([](Options& o) { o.iterations = 41; }));
    refused("alpha 0.06: the saved search has 0.05", with([](Options& o) { o.rule.alpha = 0.06; }));
    refused("beta1 0.8: the saved search has 0.9", with([](Options& o) { o.rule.beta1 = 0.8; }));
    refused("beta2 0.8: the saved search has 0.999", with([](Options& o) { o.rule.beta2 = 0.8; }));
    refused("eps 0.1: the saved search has 1e-08", with([](Options& o) { o.rule.eps = 0.1; }));
    refused("schedule constant: the saved search has cosine",
            with([](Options& o) { o.schedule = Schedule::constant; }));
    refused("scale none: the saved search has box", with([](Options& o) { o.scale = Scale::none; }));
    refused("precision f32: the saved search has f64",
            with([](Options& o) { o.precision = Precision::f32; }));
    refused("explore 7: the saved search has 8", with([](Options& o) { o.explore = 7; }));
    refused("offspring off: the saved search has on", with([](Options& o) { o.offspring = false; }));
    refused("prune off: the saved search has on", with([](Options& o) { o.prune = false; }));
    refused("polish off: the saved search has on", with([](Options& o) { o.polish = false; }));
    refused("same-distance 0.1: the saved search has 0.003", with([](Options& o) { o.same_distance = 0.1; }));
    refused("settle 0.1: the saved search has off", with([](Options& o) { o.settle = 0.1; }));
    refused("maximize on: the saved search has off", with([](Options& o) { o.maximize = true; }));
    if (isa_available(Isa::sse2) && choose_isa() != Isa::sse2)
        CHECK_THROWS_WITH(resume(state, Expression(text, square, parameters), square,
                                 with([](Options& o) { o.isa = Isa::sse2; })),
                          ContainsSubstring("isa sse2: the saved search ran on "));

    const auto other = [&](const char* message, const char* other_text, const Box& other_box,
                           const Parameters& other_parameters) {
        CHECK_THROWS_WITH(resume(state, Expression(other_text, other_box, other_parameters), other_box, fine),
                          message);
    };
    other("expression 'a*(x - b)^2 + y^4': the saved search has 'a*(x - b)^2 + y^2'", "a*(x - b)^2 + y^4",
          square, parameters);
    other("param b=0.25: the saved search has another", text, square, {{"a", 2}, {"b", 0.25}});
    other("param c=1: the saved search has another", text, square, {{"a", 2}, {"b", 0.5}, {"c", 1}});
    other("var y=-2:3: the saved search has y=-2:2", text, Box{{"x", -1, 1}, {"y", -2, 3}}, parameters);
    other("the box has 3 coordinates: that of the saved search has 2", text,
          Box{{"x", -1, 1}, {"y", -2, 2}, {"z", 0, 1}}, parameters);

    // What may differ. What was not set is what it comes to.
    Options free = fine;
    free.starts = 20;
    free.design = Design::sobol;
    free.rule.beta2 = 0.999;
    free.final_alpha = 0;
    free.threads = 2;
    free.tile_lanes = 48;
    free.max_time = 100;
    free.max_evaluations = 100'000'000;
    free.target = -1;
    free.most_minima = 5;
    CHECK(resume(state, Expression(text, square, parameters), square, free).best.f < 1e-20);
    if (isa_available(Isa::avx2) && choose_isa() != Isa::sse2) {
        free.isa = Isa::avx2;
        CHECK(resume(state, Expression(text, square, parameters), square, free).best.f < 1e-20);
    }
}

TEST_CASE("a damaged state is refused") {
    const Box line{{"x", -1, 1}};
    const Expression square("x^2 + sin(9*x)", line);
    Options options{.starts = 20, .iterations = 40};
    std::vector<std::string> states;
    options.checkpoint = [&](std::string_view state) { states.emplace_back(state); };
    options.checkpoint_every = 0;
    minimize(square, line, options);
    options.checkpoint = {};
    for (const std::size_t which : {std::size_t{2}, states.size() - 1}) {
        const std::string& state = states[which];
        REQUIRE_NOTHROW(resume(state, square, line, options));
        std::size_t accepted = 0;
        const auto try_to_read = [&](std::string_view damaged) {
            try {
                read_saved(damaged);
                ++accepted;
            } catch (const std::invalid_argument&) {
            }
        };
        for (std::size_t length = 0; length < state.size(); ++length)
            try_to_read(std::string_view(state).substr(0, length));
        std::string damaged = state;
        for (char& byte : damaged) {
            const char right = byte;
            for (const int flip : {0x01, 0x80, 0xFF}) {
                byte = static_cast<char>(right ^ flip);
                try_to_read(damaged);
            }
            byte = right;
        }
        try_to_read(state + "x");
        CHECK(accepted == 0);
    }
    std::string newer = states.back();
    newer[20] = 13;
    CHECK_THROWS_WITH(read_saved(newer), "the checkpoint has format 13; this version of lanewise reads 12");
    std::string older = states.back();
    older[20] = 11;
    CHECK_THROWS_WITH(read_saved(older), "the checkpoint has format 11; this version of lanewise reads 12");
    CHECK_THROWS_WITH(read_saved("{}"), "this is no checkpoint of lanewise");
    CHECK_THROWS_WITH(read_saved(""), "this is no checkpoint of lanewise");
    CHECK_THROWS_WITH(read_saved(states.back().substr(0, 1000)), "the checkpoint is damaged or not complete");
}

TEST_CASE("minima of a saved search are told apart anew") {
    const Box square{{"x", -5, 5}, {"y", -5, 5}};
    const Expression bumps("x^2 + y^2 + 10*sin(3*x)^2*cos(2*y)^2", square);
    Options options{.starts = 500, .iterations = 200, .polish = false};
    std::vector<std::string> states;
    options.checkpoint = [&](std::string_view state) { states.emplace_back(state); };
    options.checkpoint_every = 0;
    const Result result = minimize(bumps, square, options);
    const std::string& end = states.back();
    const Result same = saved_result(end, bumps, options.same_distance, options.most_minima);
    CHECK(bits_of(same) == bits_of(result));
    CHECK(same.work.seconds > 0);
    CHECK(same.tile_lanes == result.tile_lanes);

    const Result loose = saved_result(end, bumps, 1, 1000);
    CHECK(loose.minima_found < result.minima_found);
    CHECK(loose.best.f == result.best.f);
    const Result tight = saved_result(end, bumps, 1e-14, 1000);
    CHECK(tight.minima_found > result.minima_found);
    CHECK(saved_result(end, bumps, options.same_distance, 2).minima.size() == 2);
    CHECK_THROWS_WITH(saved_result(end, bumps, 2, 1000), ContainsSubstring("same-distance 2"));
    CHECK_THROWS_WITH(saved_result(end, Expression("x", square), options.same_distance, 1000),
                      ContainsSubstring("expression 'x'"));
    for (std::size_t i = 0; i + 1 < states.size(); ++i) {
        const Result part = saved_result(states[i], bumps, options.same_distance, 1000);
        CHECK(part.best.f >= result.best.f);
        CHECK(part.status == SearchStatus::interrupted);
    }
}
