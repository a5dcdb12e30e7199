#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @main(%x: tensor<16x64xf32>, %n: tensor<8xi32>)
    -> (tensor<16xf32>, tensor<16x32xf16>, tensor<8xi32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0.0 : f16
  %w = arith.constant dense<"0x$weights"> : tensor<64x32xf16>
  %seven = arith.constant dense<[1, -2, 3, 4, 5, 6, 7, 8]> : tensor<8xi32>
  %e = tensor.empty() : tensor<16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<16xf32>) -> tensor<16xf32>
  %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<16x64xf32>) outs(%f : tensor<16xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %1 = math.absf %a : f32
    %2 = arith.addf %1, %acc : f32
    linalg.yield %2 : f32
  } -> tensor<16xf32>
  %h = tensor.empty() : tensor<16x64xf16>
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<16x64xf32>) outs(%h : tensor<16x64xf16>) {
  ^bb0(%a: f32, %o: f16):
    %1 = arith.truncf %a : f32 to f16
    linalg.yield %1 : f16
  } -> tensor<16x64xf16>
  %p = tensor.empty() : tensor<16x32xf16>
  %q = linalg.fill ins(%none : f16) outs(%p : tensor<16x32xf16>) -> tensor<16x32xf16>
  %m = linalg.matmul ins(%c, %w : tensor<16x64xf16>, tensor<64x32xf16>)
      outs(%q : tensor<16x32xf16>) -> tensor<16x32xf16>
  %t = tensor.empty() : tensor<8xi32>
  %u = linalg.add ins(%n, %seven : tensor<8xi32>, tensor<8xi32>)
      outs(%t : tensor<8xi32>) -> tensor<8xi32>
  return %s, %m, %u : tensor<16xf32>, tensor<16x32xf16>, tensor<8xi32>
}
