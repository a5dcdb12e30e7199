// Two products with a normalised exponential between them are one op.
// RUN: xdsl-opt %s -p npu-outline | filecheck %s --check-prefix=APART
// RUN: xdsl-opt %s -p npu-outline,npu-join-rows | filecheck %s
// RUN: xdsl-opt %s -p 'npu-outline{join-rows=true}' | filecheck %s

#scores = affine_map<(i, j, d) -> (i, j)>
#queries = affine_map<(i, j, d) -> (i, d)>
#keys = affine_map<(i, j, d) -> (j, d)>
#tile = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#weights = affine_map<(i, e, j) -> (i, j)>
#values = affine_map<(i, e, j) -> (j, e)>
#result = affine_map<(i, e, j) -> (i, e)>

// Outlining cuts them: a product, the exponentials, a product.
// APART-LABEL: func.func @main
// APART-COUNT-3: npu.undecided

// Whoever decides the one op need not store the scores.
// CHECK-LABEL: func.func @main
// CHECK-NEXT:    %0 = npu.undecided {{.*}} ins(%a, %b, %c : {{.*}}) -> (tensor<64x32xf32>) {
// CHECK:           math.exp
// CHECK:           npu.yield
// CHECK-NOT:     npu.undecided
// CHECK:         func.return
func.func @main(%a: tensor<64x32xf32>, %b: tensor<192x32xf32>, %c: tensor<192x32xf32>) -> tensor<64x32xf32> {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %es = tensor.empty() : tensor<64x192xf32>
  %er = tensor.empty() : tensor<64xf32>
  %eo = tensor.empty() : tensor<64x32xf32>
  %zs = linalg.fill ins(%zero : f32) outs(%es : tensor<64x192xf32>) -> tensor<64x192xf32>
  %zr = linalg.fill ins(%zero : f32) outs(%er : tensor<64xf32>) -> tensor<64xf32>
  %lr = linalg.fill ins(%least : f32) outs(%er : tensor<64xf32>) -> tensor<64xf32>
  %zo = linalg.fill ins(%zero : f32) outs(%eo : tensor<64x32xf32>) -> tensor<64x32xf32>
  %s = linalg.generic {indexing_maps = [#queries, #keys, #scores], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<64x32xf32>, tensor<192x32xf32>) outs(%zs : tensor<64x192xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %m = arith.mulf %x, %y : f32
    %n = arith.addf %acc, %m : f32
    linalg.yield %n : f32
  } -> tensor<64x192xf32>
  %max = linalg.generic {indexing_maps = [#tile, #row], iterator_types = ["parallel", "reduction"]} ins(%s : tensor<64x192xf32>) outs(%lr : tensor<64xf32>) {
  ^bb0(%x: f32, %acc: f32):
    %m = arith.maximumf %acc, %x : f32
    linalg.yield %m : f32
  } -> tensor<64xf32>
  %p = linalg.generic {indexing_maps = [#tile, #row, #tile], iterator_types = ["parallel", "parallel"]} ins(%s, %max : tensor<64x192xf32>, tensor<64xf32>) outs(%es : tensor<64x192xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %d = arith.subf %x, %y : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<64x192xf32>
  %sum = linalg.generic {indexing_maps = [#tile, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<64x192xf32>) outs(%zr : tensor<64xf32>) {
  ^bb0(%x: f32, %acc: f32):
    %m = arith.addf %acc, %x : f32
    linalg.yield %m : f32
  } -> tensor<64xf32>
  %w = linalg.generic {indexing_maps = [#tile, #row, #tile], iterator_types = ["parallel", "parallel"]} ins(%p, %sum : tensor<64x192xf32>, tensor<64xf32>) outs(%es : tensor<64x192xf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %d = arith.divf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<64x192xf32>
  %o = linalg.generic {indexing_maps = [#weights, #values, #result], iterator_types = ["parallel", "parallel", "reduction"]} ins(%w, %c : tensor<64x192xf32>, tensor<192x32xf32>) outs(%zo : tensor<64x32xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %m = arith.mulf %x, %y : f32
    %n = arith.addf %acc, %m : f32
    linalg.yield %n : f32
  } -> tensor<64x32xf32>
  func.return %o : tensor<64x32xf32>
}
