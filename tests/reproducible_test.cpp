// "Reproducible" means the same bits; DESIGN's clauses one by one.
#include <bit>
#include <cstring>
#include <limits>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "textbook.hpp"

using namespace lanewise;
using test::bits_of;

namespace {

const Box box{{"x", -5, 5, 4}, {"t", 0.5, 3}};
// Every kind of operation, a valley, and a region where it breaks.
constexpr const char* expression =
    "sum(i, 0, 2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2) + 30*sin(5*x[0])*cos(5*x[0]) + "
    "abs(x[1])*tanh(x[2]/t)"
    " + exp(-x[3]^2)*log(t) + min(x[0]*x[1], x[2], 7) + max(x[1], sqrt(x[2] + 4.5)) + t^x[3]/(1 + t^2) + "
    "tan(x[0]/4)"
    " + hypot(x[0], x[1]) + atan2(x[2], t) + erf(x[3]) + cbrt(x[1]) + sinh(x[0]/3) - cosh(x[2]/5) + "
    "x[3]^5/100";

const Options base{.starts = 700, .seed = 5, .iterations = 130};

std::string search(Options options, Precision precision) {
    options.precision = precision;
    return bits_of(minimize(expression, box, options));
}

std::vector<double> path_of(const Options& options, std::uint64_t id) {
    std::vector<double> path;
    const Expression objective(expression, box);
    visit_paths(objective, box, options, {&id, 1}, options.iterations, [&](const PathPoint& point) {
        path.push_back(point.f);
        path.insert(path.end(), point.x.begin(), point.x.end());
    });
    return path;
}

}  // namespace

TEST_CASE("the same bits for any number of threads and any tile width") {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        Options options = base;
        options.threads = 1;
        const std::string expected = search(options, precision);
        CHECK(search(options, precision) == expected);
        for (const int threads : {2, 3, 8}) {
            options.threads = threads;
            CHECK(search(options, precision) == expected);
        }
        for (const std::size_t lanes : {16, 32, 48, 208, 256, 512, 704, 4096}) {
            options.threads = 2;
            options.tile_lanes = lanes;
            CHECK(search(options, precision) == expected);
        }
    }
}

TEST_CASE("the same bits on every instruction set with fused multiply-add") {
    if (!isa_available(Isa::avx2) || !isa_available(Isa::avx512)) return;
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        Options options = base;
        options.isa = Isa::avx2;
        const std::string expected = search(options, precision);
        options.isa = Isa::avx512;
        CHECK(search(options, precision) == expected);
    }
}

TEST_CASE("every rule gives the same bits in tiles of any width and on every fused instruction set") {
    for (const Method method : test::all_methods) {
        for (const Precision precision : {Precision::f64, Precision::f32}) {
            INFO(name(method) << ", " << name(precision));
            Options options = base;
            options.starts = 200;
            options.rule.method = method;
            if (!test::is_normalised(method)) options.rule.alpha = 1e-7;
            const std::string expected = search(options, precision);
            for (const std::size_t lanes : {16, 48, 704}) {
                options.tile_lanes = lanes;
                CHECK(search(options, precision) == expected);
            }
            for (const Isa isa : {Isa::avx2, Isa::avx512}) {
                if (choose_isa() == Isa::sse2 || !isa_available(isa)) continue;
                options.isa = isa;
                CHECK(search(options, precision) == expected);
            }
        }
    }
}

TEST_CASE("a path is that of the search, whatever the rule") {
    const Expression objective(expression, box);
    for (const Method method : test::all_methods) {
        INFO(name(method));
        Options options = base;
        options.explore = 1;
        options.offspring = options.polish = false;
        options.rule.method = method;
        if (!test::is_normalised(method)) options.rule.alpha = 1e-7;
        const Best best = minimize(objective, box, options).best;
        REQUIRE(best.iteration >= 0);
        std::vector<double> x;
        visit_paths(objective, box, options, {&best.start_id, 1},
                    static_cast<std::size_t>(best.iteration) + 1,
                    [&](const PathPoint& point) { x.assign(point.x.begin(), point.x.end()); });
        CHECK(x == best.x);
    }
}

TEST_CASE("sse2 agrees to 1e-9 on a short smooth path") {
    if (!isa_available(Isa::sse2)) return;
    Options options = base;
    options.iterations = 50;
    for (const std::uint64_t id : {0, 1, 2, 3}) {
        options.isa = Isa::sse2;
        const std::vector<double> plain = path_of(options, id);
        options.isa = choose_isa();
        const std::vector<double> fused = path_of(options, id);
        REQUIRE(plain.size() == fused.size());
        for (std::size_t i = 0; i < plain.size(); ++i)
            CHECK(plain[i] == Approx(fused[i]).epsilon(1e-9).margin(1e-9));
    }
}

TEST_CASE("a start run alone or among 4096 takes the same path") {
    const Box square{{"x", -5, 5}, {"y", -5, 5}};
    const char* himmelblau = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2 + sin(9*x)";
    const Options plain{.starts = 4096,
                        .seed = 3,
                        .iterations = 300,
                        .explore = 1,
                        .offspring = false,
                        .prune = false,
                        .polish = false};
    const Result all = minimize(himmelblau, square, plain);
    // The start of the best run, by its path's definition: a function of seed and id.
    std::vector<double> start;
    const Expression objective(himmelblau, square);
    Options frozen = plain;
    frozen.rule.alpha = 1e-300;
    visit_paths(objective, square, frozen, {&all.best.start_id, 1}, 1,
                [&](const PathPoint& point) { start.assign(point.x.begin(), point.x.end()); });
    const Result alone =
        minimize(himmelblau, square, {.start_points = {start}, .iterations = 300, .polish = false});
    CHECK(alone.best.f == all.best.f);
    CHECK(alone.best.x == all.best.x);
    CHECK(alone.best.iteration == all.best.iteration);
}

TEST_CASE("a lane's bits do not depend on its place or its neighbours") {
    const Expression objective(expression, box);
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double inf = std::numeric_limits<double>::infinity();
    const std::vector<double> point = {0.3, -1.2, 2.5, 0.9, 1.1};
    constexpr std::size_t lanes = 32;
    const std::size_t rows = 2 * point.size() + 1 + objective.scratch_rows();
    const auto free_rows = [](double* memory) { std::free(memory); };
    const std::unique_ptr<double, decltype(free_rows)> memory(
        static_cast<double*>(std::aligned_alloc(64, rows * lanes * sizeof(double))), free_rows);
    double* x = memory.get();
    double* g = x + point.size() * lanes;
    double* f = g + point.size() * lanes;
    const Block<double> block{lanes, point.size(), x, f, g, f + lanes, choose_isa()};
    const Evaluation expected = evaluate(objective, point);
    for (const double neighbour : {0.1, nan, inf, -inf, 1e300, -0.0, 5e-324, 1e4}) {
        for (std::size_t place = 0; place < lanes; ++place) {
            std::fill_n(x, point.size() * lanes, neighbour);
            for (std::size_t j = 0; j < point.size(); ++j) x[j * lanes + place] = point[j];
            objective.evaluate(block);
            bool same = std::bit_cast<std::uint64_t>(f[place]) == std::bit_cast<std::uint64_t>(expected.f);
            for (std::size_t j = 0; j < point.size(); ++j)
                same &= std::bit_cast<std::uint64_t>(g[j * lanes + place]) ==
                        std::bit_cast<std::uint64_t>(expected.gradient[j]);
            INFO("place " << place << ", neighbours " << neighbour);
            CHECK(same);
        }
    }
}

TEST_CASE(
    "every function gives the same bits at every lane with any neighbours and on every fused instruction "
    "set") {
    std::vector<Isa> fused;
    for (const Isa isa : built_isas()) {
        if (isa_available(isa) && isa != Isa::sse2) fused.push_back(isa);
    }
    const Box one{{"x", -1e6, 1e6}};
    for (const char* name : {"exp",  "exp2", "expm1", "log",   "log2", "log10", "log1p", "sin",  "cos",
                             "tan",  "asin", "acos",  "atan",  "sinh", "cosh",  "tanh",  "cbrt", "erf",
                             "erfc", "sqrt", "abs",   "floor", "ceil", "sign",  "-"}) {
        const Expression objective(std::string(name) + "(x)", one);
        for (const double x : {0.3, 0.99, 1.7, -2.5, 14.9, 15.1, 1e4, 3e5, -0.7, 0.0, -0.0}) {
            std::optional<std::uint64_t> expected;
            for (const Isa isa : fused) {
                for (const double neighbour :
                     {0.2, 1e300, std::numeric_limits<double>::quiet_NaN(), 9000.0, -1e5}) {
                    alignas(64) double rows[3][16];
                    std::vector<double> scratch(16 * objective.scratch_rows() + 8);
                    double* aligned = scratch.data() +
                                      (64 - reinterpret_cast<std::uintptr_t>(scratch.data()) % 64) % 64 / 8;
                    std::fill_n(rows[0], 16, neighbour);
                    const std::size_t place = static_cast<std::size_t>(std::abs(neighbour)) % 16;
                    rows[0][place] = x;
                    objective.evaluate(Block<double>{16, 1, rows[0], rows[1], rows[2], aligned, isa});
                    const auto bits = std::bit_cast<std::uint64_t>(rows[1][place]);
                    const bool is_nan = std::isnan(rows[1][place]);
                    INFO(name << "(" << x << ") beside " << neighbour << " on " << isa_name(isa));
                    if (expected && !is_nan) CHECK(bits == *expected);
                    if (!is_nan) expected = bits;
                }
            }
        }
    }
}

TEST_CASE("values of equal quality are decided by the start id") {
    const Result result = minimize("(x^2 - 1)^2", Box{{"x", -2, 2}},
                                   {.start_points = {{0.5}, {-0.5}, {0.5}, {-0.5}}, .iterations = 100});
    CHECK(result.best.start_id == 0);
    CHECK(result.minima[0].start_ids.front() == 0);
}
