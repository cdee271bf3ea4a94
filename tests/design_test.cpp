// The start designs: known answers, how evenly their points lie, and that they are random all the same.
#include "search/design.hpp"

#include <algorithm>
#include <array>
#include <boost/random/sobol.hpp>
#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "search/scramble.hpp"

using namespace lanewise;

namespace {

constexpr std::array all_designs = {Design::uniform, Design::sobol, Design::latin_hypercube};
using Point = std::vector<double>;

class Sequence {
  public:
    Sequence(Design design, std::uint64_t seed, std::size_t dimension)
        : dimension_(dimension), points_(design_points(design, seed, dimension)) {}

    Point operator()(std::uint64_t index) const {
        Point unit(dimension_);
        std::visit([&](const auto& points) { points.point(index, unit); }, points_);
        return unit;
    }

  private:
    std::size_t dimension_;
    DesignPoints points_;
};

std::uint64_t numerator(double unit) {
    return static_cast<std::uint64_t>(unit * 0x1p53);
}

/// The slice of 2^bits equal ones that a coordinate lies in.
std::size_t slice(double unit, unsigned bits) {
    return static_cast<std::size_t>(std::ldexp(unit, static_cast<int>(bits)));
}

/// How far counts are from being equal: chi-square by its degrees of freedom, about 1 for random ones.
double unevenness(const std::vector<int>& counts) {
    double total = 0;
    for (const int count : counts) total += count;
    const double expected = total / static_cast<double>(counts.size());
    double sum = 0;
    for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
    return sum / static_cast<double>(counts.size() - 1);
}

/// Root mean square over seeds of the mean of f, whose integral is 0, over the first points.
template <class F>
double integration_error(Design design, std::size_t dimension, std::size_t points, F f) {
    constexpr int seeds = 24;
    double squares = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Sequence sequence(design, seed, dimension);
        double mean = 0;
        for (std::size_t i = 0; i < points; ++i) mean += f(sequence(i)) / static_cast<double>(points);
        squares += mean * mean / seeds;
    }
    return std::sqrt(squares);
}

double product(const Point& x) {
    double value = 1;
    for (std::size_t j = 0; j < x.size(); ++j) value *= 1 + (2 * x[j] - 1) / static_cast<double>(j + 1);
    return value - 1;
}

double sum_of_exponentials(const Point& x) {
    double value = 0;
    for (const double xj : x) value += std::exp(xj) - (std::numbers::e - 1);
    return value;
}

double sum_of_products(const Point& x) {
    double value = 0;
    for (std::size_t j = 1; j < x.size(); ++j) value += (2 * x[j - 1] - 1) * (2 * x[j] - 1);
    return value;
}

}  // namespace

TEST_CASE("uniform points are the known answers of Philox4x64-10") {
    // The first is the published vector for counter 0 and key 0; the others were made with
    // numpy.random.Philox.
    struct Case {
        std::uint64_t seed, index;
        std::size_t block;
        std::uint64_t words[4];
    };
    const Case cases[] = {
        {0, 0, 0, {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
        {0xa4093822299f31d0,
         0x082efa98ec4e6c89,
         0,
         {0x11974e7f7eadcd09, 0xe7277c328b820dd7, 0xcc465d49508a84eb, 0xe78742efe7088331}},
        {0xa4093822299f31d0,
         0x082efa98ec4e6c89,
         1,
         {0xa192578533cc5b9f, 0xc32aba1588d4ed58, 0xd180c584b398d537, 0x39f3822d529f8b95}},
        {42, 7, 1, {0xa64064f34e84b9a3, 0xe287959a866a08fd, 0x8dc181f009b96c03, 0xf3f6001d4fa83454}},
    };
    for (const Case& known : cases) {
        Point unit(4 * known.block + 4);
        UniformPoints(known.seed).point(known.index, unit);
        for (std::size_t i = 0; i < 4; ++i)
            CHECK(numerator(unit[4 * known.block + i]) == known.words[i] >> 11U);
    }
}

TEST_CASE("scrambled points are known answers") {
    // Made by a script of its own that goes bit by bit, with numpy.random.Philox and the published
    // polynomials.
    struct Case {
        Design design;
        std::uint64_t index;
        std::uint64_t numerators[4];
    };
    const Case cases[] = {
        {Design::sobol, 0, {0x33b8e659e56fa, 0x6c03061eaf755, 0xf9414c47863fb, 0x18ba4755007ee2}},
        {Design::sobol, 1, {0x1081e3bb875d1b, 0x1192a97abd5b7e, 0x1f0cc2d20cdaa3, 0x8908247718485}},
        {Design::sobol, 7, {0x7abaf7383b024, 0x171a171c6aabb0, 0x5efbd8607ce62, 0x1e153c18af9fd0}},
        {Design::sobol, 1000, {0x49394c9017d37, 0x51a7c8f66f2e4, 0x1fa6734e30e187, 0xe50097da61f02}},
        {Design::sobol, 4294967301, {0x1ddb13e74e3e49, 0x12255c7f4b42cf, 0x1e1b5a665b7970, 0x6d8066db17302}},
        {Design::latin_hypercube, 0, {0x3b98d97aca168, 0x1b4138cefd8383, 0x1513f5df3badbc, 0x4ab31f5dcc13f}},
        {Design::latin_hypercube, 1, {0x164e5dd0259d99, 0xee9931131a030, 0x8ea826b426154, 0x127b25951f9abe}},
        {Design::latin_hypercube, 7, {0x42966fddc8511, 0x14378f6825b806, 0x1d4677602a8184, 0x3eb1b1a09e9cd}},
        {Design::latin_hypercube,
         1000,
         {0x1f160042be19ba, 0x135b83b90d7313, 0x2ad528a52d534, 0x1d55bdc12ad0e9}},
        {Design::latin_hypercube,
         4294967301,
         {0x17bb59646e48d1, 0x1305b1437d44c4, 0x1844afde0b2a2f, 0x1f0f686ea0465b}},
    };
    for (const Case& known : cases) {
        const Point unit = Sequence(known.design, 42, 4)(known.index);
        INFO(name(known.design) << " " << known.index);
        for (std::size_t j = 0; j < 4; ++j) CHECK(numerator(unit[j]) == known.numerators[j]);
    }
}

TEST_CASE("unscrambled, the Sobol points are those of Boost after the origin") {
    for (const std::size_t dimension :
         {std::size_t{1}, std::size_t{2}, std::size_t{39}, most_sobol_dimensions}) {
        const SobolSequence sequence(dimension);
        boost::random::sobol engine(dimension);
        std::vector<std::uint64_t> x(dimension);
        std::vector<std::uint64_t> expected(dimension);
        sequence.coordinates(0, 0, x);
        CHECK(x == expected);
        bool same = true;
        for (std::uint64_t index = 1; index <= 1024; ++index) {
            sequence.coordinates(index, 0, x);
            engine.generate(expected.begin(), expected.end());
            same = same && x == expected;
        }
        CHECK(same);
        engine.seed(std::uint64_t{1} << 40U);
        engine.generate(expected.begin(), expected.end());
        sequence.coordinates((std::uint64_t{1} << 40U) + 1, 0, x);
        CHECK(x == expected);
    }
}

TEST_CASE("each slice of each coordinate holds one point") {
    constexpr std::size_t dimension = 37;
    for (const Design design : {Design::sobol, Design::latin_hypercube}) {
        for (const std::uint64_t seed : {0, 1}) {
            const Sequence sequence(design, seed, dimension);
            for (unsigned bits = 0; bits <= 11; ++bits) {
                const std::size_t count = std::size_t{1} << bits;
                // Of a Sobol sequence, a later run of as many points fills the slices too.
                const std::size_t first = design == Design::sobol ? 5 * count : 0;
                std::vector<std::vector<int>> held(dimension, std::vector<int>(count));
                for (std::size_t index = first; index < first + count; ++index) {
                    const Point unit = sequence(index);
                    for (std::size_t j = 0; j < dimension; ++j) ++held[j][slice(unit[j], bits)];
                }
                INFO(name(design) << " " << bits);
                CHECK(held == std::vector<std::vector<int>>(dimension, std::vector<int>(count, 1)));
            }
        }
    }
}

TEST_CASE("the first two coordinates of the Sobol design are a net") {
    for (const std::uint64_t seed : {3, 4, 5}) {
        const Sequence sequence(Design::sobol, seed, 2);
        for (unsigned bits = 0; bits <= 10; ++bits) {
            const std::size_t count = std::size_t{1} << bits;
            for (unsigned wide = 0; wide <= bits; ++wide) {
                for (const std::size_t first : {std::size_t{0}, 3 * count}) {
                    std::vector<int> held(count);
                    for (std::size_t index = first; index < first + count; ++index) {
                        const Point unit = sequence(index);
                        ++held[(slice(unit[0], wide) << (bits - wide)) + slice(unit[1], bits - wide)];
                    }
                    CHECK(held == std::vector<int>(count, 1));
                }
            }
        }
    }
}

TEST_CASE("points differ, by index and by seed") {
    constexpr std::size_t count = 100'000;
    for (const Design design : all_designs) {
        INFO(name(design));
        std::vector<Point> points;
        for (const std::uint64_t seed : {6, 7}) {
            const Sequence sequence(design, seed, 3);
            for (std::size_t index = 0; index < count; ++index) points.push_back(sequence(index));
        }
        for (std::size_t j = 0; j < 3; ++j) {
            std::vector<double> values(points.size());
            std::ranges::transform(points, values.begin(), [j](const Point& point) { return point[j]; });
            std::ranges::sort(values);
            CHECK(std::ranges::adjacent_find(values) == values.end());
            CHECK(values.front() >= 0);
            CHECK(values.back() < 1);
        }
    }
}

TEST_CASE("indices go up to 2^53, and coordinates have all 53 bits") {
    constexpr std::uint64_t last = (std::uint64_t{1} << 53U) - 1;
    for (const Design design : all_designs) {
        INFO(name(design));
        const Sequence sequence(design, 1, 4);
        std::uint64_t any = 0;
        for (unsigned bit = 0; bit < 53; ++bit) {
            for (const double unit : sequence(last >> bit)) {
                CHECK((unit >= 0 && unit < 1));
                CHECK(std::ldexp(unit, 53) == std::floor(std::ldexp(unit, 53)));
                any |= numerator(unit);
            }
        }
        CHECK(any == last);
    }
}

TEST_CASE("over seeds each point is uniform and its coordinates independent") {
    constexpr std::uint64_t seeds = 20'000;
    constexpr unsigned bits = 4;
    for (const Design design : all_designs) {
        for (const std::uint64_t index : {0, 1, 6, 100}) {
            std::vector<int> first(16);
            std::vector<int> last(16);
            std::vector<int> both(256);
            std::vector<int> low(16);
            for (std::uint64_t seed = 0; seed < seeds; ++seed) {
                const Point unit = Sequence(design, seed, 5)(index);
                ++first[slice(unit[0], bits)];
                ++last[slice(unit[4], bits)];
                ++both[16 * slice(unit[0], bits) + slice(unit[4], bits)];
                ++low[numerator(unit[2]) % 16];
            }
            INFO(name(design) << " " << index);
            CHECK(unevenness(first) < 2.5);
            CHECK(unevenness(last) < 2.5);
            CHECK(unevenness(low) < 2.5);
            CHECK(unevenness(both) < 1.4);
        }
    }
}

TEST_CASE("scrambling flips each bit at random for each value of the bits above") {
    constexpr std::uint64_t keys = 1U << 20U;
    constexpr unsigned bits = 4;
    // All 15 flips of the first four bits.
    std::vector<int> counts(1U << 15U);
    for (std::uint64_t i = 0; i < keys; ++i) {
        Point unit(1);
        UniformPoints(i).point(0, unit);
        const std::uint64_t key = numerator(unit[0]);
        std::size_t flips = 0;
        for (unsigned bit = 0; bit < bits; ++bit) {
            for (std::uint64_t above = 0; above < 1U << bit; ++above) {
                const std::uint64_t y = scrambled(key, above << (64 - bit - 1) << 1U);
                flips = 2 * flips + ((y >> (63 - bit)) & 1U);
            }
        }
        ++counts[flips];
    }
    CHECK(unevenness(counts) == Approx(1).margin(0.04));
    // The flips of one bit of the tree do not depend on the bits below.
    for (unsigned kept = 0; kept < 64; ++kept) {
        const std::uint64_t x = 0x0123456789abcdef;
        const std::uint64_t y = x ^ (std::uint64_t{1} << kept);
        const std::uint64_t differ = scrambled(5, x) ^ scrambled(5, y);
        CHECK(differ >> kept == 1);
    }
}

TEST_CASE("a random permutation takes each number once, any two to any two places") {
    for (unsigned bits = 0; bits <= 12; ++bits) {
        std::vector<int> taken(std::size_t{1} << bits);
        for (std::uint64_t i = 0; i < taken.size(); ++i) ++taken[permuted(17, bits, i)];
        CHECK(taken == std::vector<int>(taken.size(), 1));
    }
    constexpr std::uint64_t keys = 50'000;
    for (unsigned bits = 1; bits <= 4; ++bits) {
        const std::size_t n = std::size_t{1} << bits;
        for (std::size_t i = 1; i < n; ++i) {
            std::vector<int> counts(n * (n - 1));
            for (std::uint64_t k = 0; k < keys; ++k) {
                const std::uint64_t key = hash(99, k);
                const std::uint64_t a = permuted(key, bits, 0);
                const std::uint64_t b = permuted(key, bits, i);
                ++counts[a * (n - 1) + (b < a ? b : b - 1)];
            }
            CHECK(unevenness(counts) < 1 + 5 * std::sqrt(2.0 / static_cast<double>(counts.size() - 1)));
        }
    }
}

TEST_CASE("means over a design are nearer the integral than over independent points") {
    constexpr std::size_t points = 4096;
    const auto error = [](Design design, std::size_t dimension, auto f) {
        return integration_error(design, dimension, points, f);
    };
    CHECK(error(Design::uniform, 6, product) > 5e-3);
    CHECK(error(Design::sobol, 6, product) < 2e-4);
    CHECK(error(Design::sobol, 40, product) < error(Design::uniform, 40, product) / 10);
    CHECK(error(Design::sobol, 40, sum_of_exponentials) <
          error(Design::uniform, 40, sum_of_exponentials) / 1000);
    CHECK(error(Design::latin_hypercube, 6, sum_of_exponentials) <
          error(Design::uniform, 6, sum_of_exponentials) / 1000);
    // What a Latin hypercube does nothing for, it does not spoil.
    CHECK(error(Design::latin_hypercube, 40, sum_of_products) <
          1.2 * error(Design::uniform, 40, sum_of_products));
    // Between powers of two.
    const auto between = [](Design design) {
        return integration_error(design, 6, 3000, sum_of_exponentials);
    };
    CHECK(between(Design::sobol) < between(Design::uniform) / 20);
    CHECK(between(Design::latin_hypercube) < between(Design::uniform) / 1.5);
}
