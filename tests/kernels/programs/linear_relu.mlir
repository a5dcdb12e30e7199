// A product of f16 in f32, a bias, the narrowing, and a maximum with 0 after it.
func.func @main(%x: tensor<48x96xf16>, %w: tensor<96x80xf16>, %b: tensor<80xf16>)
    -> tensor<48x80xf16> {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0.0 : f16
  %e = tensor.empty() : tensor<48x80xf32>
  %h = tensor.empty() : tensor<48x80xf16>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<48x80xf32>) -> tensor<48x80xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>,
     affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
     iterator_types = ["parallel", "parallel", "reduction"]}
     ins(%x, %w : tensor<48x96xf16>, tensor<96x80xf16>) outs(%f : tensor<48x80xf32>) {
  ^bb0(%l: f16, %r: f16, %o: f32):
    %0 = arith.extf %l : f16 to f32
    %1 = arith.extf %r : f16 to f32
    %2 = arith.mulf %0, %1 : f32
    %3 = arith.addf %o, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<48x80xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
     affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
     ins(%s, %b : tensor<48x80xf32>, tensor<80xf16>) outs(%e : tensor<48x80xf32>) {
  ^bb0(%v: f32, %c: f16, %o: f32):
    %0 = arith.extf %c : f16 to f32
    %1 = arith.addf %v, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<48x80xf32>
  %u = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>,
     affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
     ins(%t : tensor<48x80xf32>) outs(%h : tensor<48x80xf16>) {
  ^bb0(%v: f32, %o: f16):
    %0 = arith.truncf %v : f32 to f16
    %1 = arith.maximumf %0, %none : f16
    linalg.yield %1 : f16
  } -> tensor<48x80xf16>
  return %u : tensor<48x80xf16>
}
