// Minima that are no points.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

namespace {

std::size_t continua(const Result& result) {
    return static_cast<std::size_t>(std::ranges::count_if(result.minima, &Minimum::continuum));
}

}  // namespace

TEST_CASE("a continuum of minima is one entry that says so") {
    struct Problem {
        const char* formula;
        std::size_t minima;
    };
    for (const Problem& problem : {
             Problem{"x^2+0*y+0*z", 1},                       // free directions
             Problem{"(x-y)^2+0*z", 1},                       // a face
             Problem{"(x+2*y-1)^2+z^2", 1},                   // a line
             Problem{"abs(x-1)+abs(y+2)+3*abs(x+y)+z^2", 1},  // an edge of a kink
             Problem{"8*abs(x^2-y)+(1-x)^2+0*z", 1},          // a bent kink
             Problem{"(x^2+y^2-1)^2+z^2", 1},                 // a ring
             Problem{"abs(x^2+y^2-1)+z^2", 1},                // one along which the gradient jumps
             Problem{"(x^2+y^2+z^2-1)^2", 1},                 // a sphere
             Problem{"max(x^2+y^2+z^2-1, 0)", 1},             // a ball
             Problem{"(y-sin(x))^2+z^2", 1},                  // a wave
             Problem{"(x*y-2)^2+z^2", 2},                     // two branches
             Problem{"min((x^2+y^2-1)^2, ((x-3)^2+(y-3)^2-1)^2)+z^2", 2},  // two rings
         }) {
        for (const std::uint64_t seed : {0U, 1U}) {
            INFO(problem.formula << ", seed " << seed);
            const Result result =
                minimize(problem.formula, Box{{"x", -4, 5}, {"y", -5, 5}, {"z", -3, 3}}, {.seed = seed});
            CHECK(result.minima_found == problem.minima);
            CHECK(continua(result) == problem.minima);
            CHECK(result.coverage.found_once == 0);
            std::size_t hits = 0;
            for (const Minimum& minimum : result.minima) hits += minimum.hits();
            CHECK(hits >= result.coverage.runs);
        }
    }
}

TEST_CASE("minima that are as low as each other stay apart where no level way is between") {
    const Box box{{"x", -10, 10}, {"y", -10, 10}};
    for (const auto& [formula, minima] :
         {std::pair("sin(x)^2+sin(y)^2", 49), std::pair("(x^2-1)^2+(y^2-2)^2", 4),
          std::pair("1+(x^2-1)^4+y^4", 2), std::pair("min(abs(x-1), abs(x+1)) + abs(y)", 2),
          std::pair("max(abs(abs(x)-5)-1, 0) + y^2", 2)}) {
        INFO(formula);
        const Result result = minimize(formula, box, {.starts = 1000});
        CHECK(result.minima_found == static_cast<std::size_t>(minima));
        const bool are_wide = std::string(formula).starts_with("max");
        CHECK(continua(result) == (are_wide ? 2 : 0));
    }
    // In boxes far too wide, with and without an offset.
    const Box wide{{"x", -1e6, 1e6}, {"y", -1e6, 1e6}};
    for (const char* const formula : {"(x^4-16*x^2+5*x+y^4-16*y^2+5*y)/2", "1e6+(x^2-9)^2+(y^2-4)^2"}) {
        const Result result = minimize(formula, wide, {.start_points = {{3, 3}, {-3, 3}, {3, -3}, {-3, -3}}});
        INFO(formula);
        CHECK(result.minima_found == 4);
        CHECK(continua(result) == 0);
    }
    // A ring beside a point that is as low.
    const Result ring = minimize("((x-1)^2+y^2-1)^2*((x+2)^2+y^2)", box);
    CHECK(ring.minima_found == 2);
    CHECK(continua(ring) == 1);
}

TEST_CASE("an edge of walls is one minimum, beside the one inside") {
    const Box box{{"x", 0, 500}, {"y", 0, 500}};
    for (const std::uint64_t seed : {0U, 1U, 2U, 3U}) {
        const Result result = minimize("-x*y*(72-2*x-2*y)", box, {.seed = seed});
        CHECK(result.best.f == Approx(-3456).epsilon(1e-12));
        REQUIRE(result.minima_found == 3);
        CHECK_FALSE(result.minima[0].continuum);
        for (const std::size_t i : {1U, 2U}) {
            CHECK(result.minima[i].f == 0);
            CHECK(result.minima[i].continuum);
        }
    }
}

TEST_CASE("a corner where the slope is 0 is no minimum where the way inside leads down") {
    const Box box{{"x", 0, 10}, {"y", 0, 10}};
    for (const char* const formula : {"-sqrt(x)*sin(x)*sqrt(y)*sin(y)", "-x^2*y^2*exp(-x-y)"}) {
        const Result result = minimize(formula, box, {.start_points = {{0, 0}, {5, 5}}});
        INFO(formula);
        for (const Minimum& minimum : result.minima) CHECK(minimum.x != std::vector<double>{0, 0});
    }
}

TEST_CASE("a search that is cut off while it looks for continua goes on as if it was not") {
    const Box box{{"x", -4, 5}, {"y", -5, 5}};
    const char* const ring = "(x^2+y^2-1)^2";
    Options options{.starts = 200};
    const Result whole = minimize(ring, box, options);
    CHECK(whole.minima_found == 1);
    int cuts = 0;
    for (int calls = 5; calls < 400; calls += 17) {
        std::string state;
        Options cut = options;
        cut.checkpoint = [&](std::string_view at) { state = at; };
        cut.checkpoint_every = 0;
        int asked = 0;
        cut.stop = [&] { return ++asked > calls; };
        const Result first = minimize(ring, box, cut);
        if (first.status != SearchStatus::interrupted) break;
        ++cuts;
        const Result rest = resume(state, Expression(ring, box), box, options);
        CHECK(rest.minima_found == whole.minima_found);
        CHECK(rest.minima[0].start_ids == whole.minima[0].start_ids);
        CHECK(rest.best.x == whole.best.x);
        CHECK(rest.work.evaluations == whole.work.evaluations);
    }
    CHECK(cuts > 3);
}

TEST_CASE("a limit of evaluations that falls into the look for continua") {
    const Box box{{"x", -3, 3}, {"y", -3, 3}};
    const Expression ring("(x^2+y^2-1)^2", box);
    const Result whole = minimize(ring, box, {});
    REQUIRE(whole.minima_found == 1);
    for (std::uint64_t most = whole.work.evaluations / 2; most < whole.work.evaluations; most += 997) {
        std::string state;
        Options options{.max_evaluations = most};
        options.checkpoint = [&](std::string_view at) { state = at; };
        const Result cut = minimize(ring, box, options);
        CAPTURE(most);
        CHECK(cut.work.evaluations <= most);
        CHECK(cut.status == SearchStatus::max_evaluations);
        const Result rest = resume(state, ring, box, {});
        CHECK(rest.work.evaluations == whole.work.evaluations);
        CHECK(rest.minima_found == 1);
    }
}
