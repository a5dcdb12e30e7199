#id2 = affine_map<(d0, d1) -> (d0, d1)>
#head2 = affine_map<(d0, d1) -> (d0)>
func.func @main(%x: tensor<8x64xf32>) {
  %r = npu.undecided "rows" ins(%x : tensor<8x64xf32>) -> (tensor<8xf32>) {
  ^bb0(%a: tensor<8x64xf32>):
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %low = arith.constant 0xFF800000 : f32
    %e = tensor.empty() : tensor<8xf32>
    %start = linalg.fill ins(%low : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
    %r = linalg.generic {
      indexing_maps = [#id2, #head2], iterator_types = ["parallel", "reduction"]
    } ins(%a : tensor<8x64xf32>) outs(%start : tensor<8xf32>) {
    ^bb1(%in: f32, %out: f32):
      %p = arith.cmpf ogt, %in, %zero : f32
      %s = arith.select %p, %one, %zero : f32
      %m = arith.maximumf %s, %out : f32
      linalg.yield %m : f32
    } -> tensor<8xf32>
    npu.yield %r : tensor<8xf32>
  }
  func.return
}
